/// Cuts a stream of bytes into lines; carriage returns end a line too, as progress bars write them.
struct LineSplitter {
    /// What is longer is cut: nobody reads it, and it must not fill the memory.
    static let longestLine = 4096
    private var pending: [UInt8] = []

    mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                lines += finish()
            } else if pending.count < Self.longestLine {
                pending.append(byte)
            }
        }
        return lines
    }

    /// The rest after the last line end, if any.
    mutating func finish() -> [String] {
        defer { pending.removeAll(keepingCapacity: true) }
        return pending.isEmpty ? [] : [String(decoding: pending, as: UTF8.self)]
    }
}
