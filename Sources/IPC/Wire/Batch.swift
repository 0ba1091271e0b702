import NIOCore

/// The replies to one array of requests, which leave together, as the array of those that have one.
final class Batch {
    private var open: Int
    private var replies: [ByteBuffer] = []
    private var bytes = 0

    init(count: Int) {
        open = count
    }

    /// One of the requests is settled.
    /// - Parameter reply: its line; nil for a notification.
    /// - Returns: the line of the whole batch, once, when all are settled and any has a reply.
    func settle(_ reply: ByteBuffer?, _ allocator: ByteBufferAllocator) -> ByteBuffer? {
        open -= 1
        if let reply { replies.append(reply) }
        return open == 0 && !replies.isEmpty ? line(allocator) : nil
    }

    /// Whether so many bytes can still be added to what a line may hold, a short refusal for each other request
    /// included.
    func takes(_ count: Int) -> Bool {
        guard bytes + count + open * 1024 < LineCodec.maxReplyLength else { return false }
        bytes += count
        return true
    }

    private func line(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        var line = allocator.buffer(capacity: replies.reduce(2) { $0 + $1.readableBytes })
        for (index, reply) in replies.enumerated() {
            line.writeStaticString(index == 0 ? "[" : ",")
            line.writeImmutableBuffer(reply.getSlice(at: reply.readerIndex, length: reply.readableBytes - 1)!)
        }
        line.writeStaticString("]\n")
        return line
    }
}
