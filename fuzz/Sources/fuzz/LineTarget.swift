@testable import IPC
import NIOCore

/// The line codec, fed in any portions, must find the lines that a plain splitter finds in the whole.
///
/// Input: a byte for the longest allowed line, a byte for the portions' length, the stream.
enum LineTarget {
    private struct Lines: Equatable {
        var lines: [[UInt8]] = []
        var rest: [UInt8]?
        var isTooLong = false
    }

    static func test(_ input: [UInt8]) {
        guard input.count >= 2 else { return }
        let stream = Array(input[2...])
        let found = codec(stream, maxLength: Int(input[0]), portion: Int(input[1]) + 1)
        let wanted = plain(stream, maxLength: Int(input[0]))
        if found != wanted { finding("\(found), not \(wanted)") }
    }

    private static func codec(_ stream: [UInt8], maxLength: Int, portion: Int) -> Lines {
        var codec = LineCodec(maxLength: maxLength)
        var out = Lines()
        do {
            for start in stride(from: 0, to: stream.count, by: portion) {
                var bytes = ByteBuffer(bytes: stream[start..<min(start + portion, stream.count)])
                codec.append(&bytes)
                while let line = try codec.next() { out.lines.append(Array(line.readableBytesView)) }
            }
            out.rest = codec.rest().map { Array($0.readableBytesView) }
        } catch {
            out.isTooLong = true
        }
        return out
    }

    private static func plain(_ stream: [UInt8], maxLength: Int) -> Lines {
        var out = Lines()
        let parts = stream.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.count > maxLength {
                out.isTooLong = true
                return out
            }
            if index == parts.count - 1 {
                out.rest = part.isEmpty ? nil : Array(part)
            } else {
                let line = part.last == UInt8(ascii: "\r") ? part.dropLast() : part
                if !line.isEmpty { out.lines.append(Array(line)) }
            }
        }
        return out
    }
}
