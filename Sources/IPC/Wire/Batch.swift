import NIOCore

/// The replies to one array of requests, which leave together, as the array of those that have one.
final class Batch {
    private var open: Int
    private var line = ByteBuffer()

    init(count: Int) {
        open = count
    }

    /// One of the requests is settled.
    /// - Parameter reply: nil for a notification.
    /// - Returns: the line of the whole batch, once, when all are settled and any has a reply.
    func settle(_ reply: Reply?) -> ByteBuffer? {
        open -= 1
        if let reply {
            line.writeStaticString(line.readableBytes == 0 ? "[" : ",")
            reply.write(to: &line)
        }
        guard open == 0, line.readableBytes > 0 else { return nil }
        line.writeStaticString("]\n")
        return line
    }

    /// Whether the line can hold so many bytes more, and a short refusal for each request that is still open.
    func hasRoom(for count: Int) -> Bool {
        line.readableBytes + count + open * 1024 < LineCodec.maxReplyLength
    }
}
