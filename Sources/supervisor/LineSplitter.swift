/// Bytes into lines. A line that is too long comes in pieces.
struct LineSplitter {
    static let longest = 16 << 10

    private var partial: [UInt8] = []

    mutating func split(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { partial.append(byte) }
            if byte == UInt8(ascii: "\n") || partial.count == Self.longest { lines += rest() }
        }
        return lines
    }

    /// What has come of a line that has not ended; empty lines are left out.
    mutating func rest() -> [[UInt8]] {
        defer { partial.removeAll(keepingCapacity: true) }
        return partial.isEmpty ? [] : [partial]
    }
}
