/// What a disk, one of its partitions, or something built on them is used for right now.
enum DiskUse: Sendable, Equatable {
    case mounted(at: String)
    case swap

    /// Whether this machine needs it to run. Data that merely is mounted somewhere (/srv, /mnt) makes a disk used,
    /// but not a system disk.
    var isSystem: Bool {
        switch self {
        case .swap: true
        case .mounted(let point):
            point == "/" || Self.systemFolders.contains { point == $0 || point.hasPrefix($0 + "/") }
        }
    }

    private static let systemFolders = ["/boot", "/efi", "/etc", "/home", "/opt", "/root", "/usr", "/var"]
}

extension DiskUse {
    /// The uses of each whole disk, by the kernel's name. The root of a container or a live system is an overlay,
    /// which no disk holds as far as one can see: there the other mounts (/var/lib/…) tell where the system lies.
    static func all(in tree: BlockTree) -> [String: [DiskUse]] {
        let files = tree.files
        var uses: [String: [DiskUse]] = [:]
        func add(_ use: DiskUse, to name: String?) {
            guard let name else { return }
            for disk in tree.wholeDisks(under: name) where uses[disk]?.contains(use) != true {
                uses[disk, default: []].append(use)
            }
        }
        for line in files.lines("/proc/self/mountinfo") {
            guard let mount = Mount(line) else { continue }
            add(.mounted(at: mount.point), to: mount.deviceName(in: tree))
        }
        for line in files.lines("/proc/swaps").dropFirst() {
            guard let file = line.split(whereSeparator: \.isWhitespace).first, file.hasPrefix("/dev/") else { continue }
            add(.swap, to: nodeName(unescaped(file), in: files))
        }
        return uses
    }

    /// The name of the device behind a node such as /dev/mapper/vg-root. A container sees the machine's swap areas
    /// without having their nodes: there the name is as good.
    fileprivate static func nodeName(_ path: String, in files: FileTree) -> String {
        (files.resolved(path) ?? path).lastPathComponent
    }

    /// The kernel writes blanks and backslashes in its tables as three octal digits.
    fileprivate static func unescaped(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
private struct Mount {
    let number: Substring
    let point: String
    let source: String

    init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 4, let dash = fields.dropFirst(6).firstIndex(of: "-"), dash + 2 < fields.endIndex
        else { return nil }
        number = fields[2]
        point = DiskUse.unescaped(fields[4])
        source = DiskUse.unescaped(fields[dash + 2])
    }

    /// By its number; a file system that spans devices (btrfs) has a made-up one, and then names its source.
    func deviceName(in tree: BlockTree) -> String? {
        if let name = tree.name(ofNumber: number) { return name }
        return source.hasPrefix("/dev/") ? DiskUse.nodeName(source, in: tree.files) : nil
    }
}
