import NIOCore

/// Stops accepting at so many connections; whoever comes then waits in the kernel's queue.
final class ConnectionLimit: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let limit: Int
    private var count = 0
    private var isReadHeld = false

    init(_ limit: Int) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count += 1
        let loop = context.eventLoop
        let limiter = NIOLoopBound((self, context), eventLoop: loop)
        unwrapInboundIn(data).closeFuture.hop(to: loop).whenComplete { _ in
            let (limit, context) = limiter.value
            limit.connectionEnded(context)
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if count < limit { context.read() } else { isReadHeld = true }
    }

    private func connectionEnded(_ context: ChannelHandlerContext) {
        count -= 1
        guard isReadHeld, count < limit else { return }
        isReadHeld = false
        context.read()
    }
}
