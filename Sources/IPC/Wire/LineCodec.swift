import NIOCore

/// Cuts a byte stream into lines: LF ends one, a CR before it is dropped, empty lines are passed over.
struct LineCodec {
    static let maxRequestLength = 1 << 20
    static let maxReplyLength = 16 << 20

    struct TooLong: Error {}

    let maxLength: Int
    private var buffer = ByteBuffer()
    /// How far from the reader index no LF was found.
    private var searched = 0

    init(maxLength: Int) {
        self.maxLength = maxLength
    }

    /// The memory that it holds, in bytes.
    var capacity: Int { buffer.capacity }

    mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            bytes.moveReaderIndex(to: bytes.writerIndex)
        } else {
            // Else a peer whose lines never end with its packets would let the buffer grow by all it ever sends.
            if buffer.readerIndex > 64 << 10 { buffer.discardReadBytes() }
            buffer.writeBuffer(&bytes)
        }
    }

    /// - Returns: the next whole line; nil while none is there.
    /// - Throws: `TooLong`; what follows in the stream can't be trusted then.
    mutating func next() throws(TooLong) -> ByteBuffer? {
        while true {
            let end = buffer.withUnsafeReadableBytes { $0.firstIndex(of: UInt8(ascii: "\n"), from: searched) }
            guard let length = end else {
                searched = buffer.readableBytes
                if searched > maxLength { throw TooLong() }
                return nil
            }
            searched = 0
            if length > maxLength { throw TooLong() }
            guard var line = buffer.readSlice(length: length) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            if line.readableBytes > 0 { return line }
        }
    }

    /// What came after the last LF, when the stream has ended: a last line without one.
    mutating func rest() -> ByteBuffer? {
        defer {
            buffer.clear()
            searched = 0
        }
        return buffer.readableBytes > 0 ? buffer : nil
    }
}
