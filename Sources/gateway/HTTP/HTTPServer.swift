import Glibc
import IPC
import NIOCore
import NIOHTTP1
import NIOPosix

/// HTTP/1.1 over a socket that may listen already.
final class HTTPServer: Sendable {
    enum Listener {
        /// A descriptor from the supervisor; the server owns it from here on.
        case inherited(CInt)
        case address(ListenAddress)
    }

    /// What a client may use up.
    struct Limits: Sendable {
        var connections = 512
        var headerBytes = 32 << 10
        var headerFields = 100
        /// An agent takes lines of 1 MiB, and a body shares its line with the method and the meta: one byte too many
        /// costs the connection, with everybody's calls on it.
        var bodyBytes = (1 << 20) - 4096
        /// How long a connection may be silent between requests, and how long it may take to send a head.
        var idle = TimeAmount.seconds(60)
        /// How long a client may take to send a body.
        var body = TimeAmount.seconds(30)
        /// How long what comes after the last answer is taken.
        var linger = TimeAmount.seconds(2)
        /// How long a client may leave unread what was sent to it, in milliseconds.
        var stalledMilliseconds = 30_000
        /// How long a connection without a request may still bring one at the end: it may be on its way.
        var grace = Duration.milliseconds(250)

        var tooLarge: Problem { Problem(.requestTooLarge, "A body may have \(bodyBytes) bytes at most.") }
    }

    private let site: Site
    private let group: MultiThreadedEventLoopGroup
    private let limits: Limits
    /// Only touched on the one event loop.
    private let open: NIOLoopBoundBox<Open>

    private struct Open {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: HTTPConnection] = [:]
        var expiry: RepeatedTask?
    }

    init(site: Site, group: MultiThreadedEventLoopGroup, limits: Limits) {
        self.site = site
        self.group = group
        self.limits = limits
        open = .makeBoxSendingValue(Open(), eventLoop: group.next())
    }

    /// - Returns: the port it listens on.
    func start(on listener: Listener) async throws -> Int? {
        let bootstrap = bootstrap()
        let channel =
            switch listener {
            case .inherited(let descriptor): try await bootstrap.withBoundSocket(descriptor).get()
            case .address(let address): try await bootstrap.bind(host: address.address.text, port: address.port).get()
            }
        try await group.next().submit { self.listens(on: channel) }.get()
        return channel.localAddress?.port
    }

    /// Accepts no more, answers the requests that run or are on their way, each as its connection's last, and closes
    /// what is left after `drain`.
    func stop(drain: Duration) async {
        let begin = ContinuousClock.now
        site.ending.begin()
        try? await onLoop { $0.listener }?.close().get()
        await connectionsEnd(until: begin + min(limits.grace, drain))
        await onLoop { open in for connection in open.connections.values { connection.finish() } }
        await connectionsEnd(until: begin + drain)
        await onLoop { open in
            open.expiry?.cancel()
            for connection in open.connections.values { connection.close() }
        }
    }

    private func connectionsEnd(until end: ContinuousClock.Instant) async {
        while await onLoop({ !$0.connections.isEmpty }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionLimit(limits.connections))
                }
            }
            // Nagle's delay would cost a keep-alive client 40 ms whenever an answer is written in two parts.
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // The kernel closes a connection whose peer does not take what was sent to it: tcp(7).
            .childChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: limits.stalledMilliseconds)
            // One client's thousands of requests must not keep the others waiting.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try serve(channel) }
            }
    }

    // MARK: on the loop

    private func listens(on channel: any Channel) {
        open.value.listener = channel
        let pause = TimeAmount.nanoseconds(min(limits.idle.nanoseconds / 4, 1_000_000_000))
        open.value.expiry = group.next().scheduleRepeatedTask(initialDelay: pause, delay: pause) { [open] _ in
            let now = NIODeadline.now()
            for connection in open.value.connections.values { connection.close(ifExpiredAt: now) }
        }
    }

    private func serve(_ channel: any Channel) throws {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = limits.headerBytes
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerFields
        // The parser leaves less than a field unread, or all there is when it has come to a request for another
        // protocol: who then goes on in that is closed.
        let parser = ByteToMessageHandler(
            HTTPRequestDecoder(limitConfiguration: decoder), maximumBufferSize: 2 * limits.headerBytes)
        try channel.pipeline.syncOperations.addHandlers(HTTPResponseEncoder(), parser)
        let connection = HTTPConnection(channel, site, limits)
        try channel.pipeline.syncOperations.addHandler(connection)
        let id = ObjectIdentifier(channel)
        open.value.connections[id] = connection
        channel.closeFuture.whenComplete { [open] _ in open.value.connections[id] = nil }
    }

    private func onLoop<T: Sendable>(_ body: @escaping @Sendable (Open) -> T) async -> T {
        await withCheckedContinuation { continuation in
            group.next().execute { continuation.resume(returning: body(self.open.value)) }
        }
    }
}
