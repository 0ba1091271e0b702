import Glibc
import NIOCore
import NIOPosix

@testable import IPC

/// Answers each call with its own params, undecoded: what remains is the cost of lines and envelopes. The handler is the
/// bench's, everything else the library's.
@main struct EnvelopeEcho {
    static func main() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EchoHandler())
                }
            }
            .withBoundSocket(ListenSockets.make(at: CommandLine.arguments[1])).get()
        await Termination.wait()
        try await server.close()
        try await group.shutdownGracefully()
    }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var codec = LineCodec(maxLength: LineCodec.maxRequestLength)

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        codec.append(&bytes)
        do {
            var out = context.channel.allocator.buffer(capacity: 1024)
            while let line = try codec.next() { try answer(line, &out) }
            context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    private func answer(_ line: ByteBuffer, _ out: inout ByteBuffer) throws {
        guard case .call(let id?, _, let params?, _) = try Envelope.read(line) else { return }
        let payload = line.getSlice(at: line.readerIndex + params.lowerBound, length: params.count)!
        Reply(id: id, body: .result(payload)).write(to: &out)
        out.writeStaticString("\n")
    }
}
