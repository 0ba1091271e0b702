/// The TCP ports that somebody listens on.
enum Ports {
    /// cephadm refuses to begin while one of them is taken, on whatever address.
    static let monitor: [UInt16] = [3300, 6789]
    static let ssh: UInt16 = 22

    /// From /proc/net/tcp and tcp6 (proc_net(5)): address:port in hexadecimal; state 0A is LISTEN.
    static func listening(in tree: FileTree) -> Set<UInt16> {
        let lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { tree.lines($0).dropFirst() }
        return Set(
            lines.compactMap { line in
                let fields = line.split(whereSeparator: \.isWhitespace)
                guard fields.count > 3, fields[3] == "0A" else { return nil }
                return fields[1].split(separator: ":").last.flatMap { UInt16($0, radix: 16) }
            })
    }
}
