import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import IPC

/// The caller's side before an agent that does not do its part.
@Suite struct AgentClientTests {
    @Test("an agent that says nothing costs a caller no more than its deadline and a moment")
    func silence() async throws {
        try await withSilentAgent { client, _ in
            let start = ContinuousClock.now
            await #expect(throws: Problem.deadline(10)) {
                _ = try await client.forward(method: "echo.say", params: nil, meta: Meta(deadlineMs: 10))
            }
            #expect(ContinuousClock.now - start >= .milliseconds(510))
        }
    }

    @Test("a caller that leaves is let go at once, and the agent is told which call that was")
    func cancel() async throws {
        try await withSilentAgent { client, agent in
            let call = Task { try await client.forward(method: "echo.say", params: nil) }
            let request = try await agent.line()
            #expect(request.hasPrefix(#"{"jsonrpc":"2.0","id":1,"method":"echo.say","meta":{"#))
            call.cancel()
            let cancellation = try await agent.line()
            #expect(cancellation == #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#)
            await #expect(throws: Problem.cancelled) { try await call.value }
        }
    }

    @Test("a call that was cancelled before it was made is never sent")
    func cancelledBefore() async throws {
        try await withSilentAgent { client, agent in
            let call = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.forward(method: "echo.say", params: nil)
            }
            await #expect(throws: Problem.cancelled) { try await call.value }
            _ = Task { try await client.forward(method: "echo.fail", params: nil) }
            let request = try await agent.line()
            #expect(request.contains("echo.fail"))
        }
    }
}

/// Reads lines and answers none.
private final class SilentAgent: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let lines: AsyncStream<String>
    private let arrive: AsyncStream<String>.Continuation

    init() { (lines, arrive) = AsyncStream.makeStream(of: String.self) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Each line here comes in a packet of its own: the tests wait for it before the next is sent.
        arrive.yield(String(String(buffer: unwrapInboundIn(data)).dropLast()))
    }

    func line() async throws -> String {
        var iterator = lines.makeAsyncIterator()
        return try #require(await iterator.next())
    }
}

private func withSilentAgent(_ body: (AgentClient, SilentAgent) async throws -> Void) async throws {
    let path = "/tmp/aquarium-silent-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    let group = MultiThreadedEventLoopGroup.singleton
    let agent = SilentAgent()
    let server = try await ServerBootstrap(group: group)
        .childChannelInitializer { channel in channel.pipeline.addHandler(agent) }
        .bind(unixDomainSocketPath: path).get()
    let client = AgentClient(socketPath: path, group: group, logger: Logger(label: "test"))
    let result: Result<Void, any Error>
    do { result = .success(try await body(client, agent)) } catch { result = .failure(error) }
    await client.close()
    try await server.close().get()
    unlink(path)
    try result.get()
}
