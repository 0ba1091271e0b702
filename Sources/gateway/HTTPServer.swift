import Glibc
import HummingbirdCore
import IPC
import Logging
import NIOCore
import NIOPosix

/// Hummingbird's HTTP/1 over a socket that listens already: its own server can only bind one itself.
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
        /// How long a connection may be silent between requests, and how long it may take to send a head.
        var idle = TimeAmount.seconds(60)
        /// How long a client may leave unread what was sent to it, in milliseconds.
        var stalledMilliseconds = 30_000
        /// How long a connection without a request may still bring one at the end: it may be on its way.
        var grace = Duration.milliseconds(250)
    }

    private let http: HTTP1Channel
    private let ending: Ending
    private let group: MultiThreadedEventLoopGroup
    private let limits: Limits
    private let logger: Logger
    /// Only touched on the one event loop.
    private let open: NIOLoopBoundBox<Open>

    private struct Open {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    init(site: Site, group: MultiThreadedEventLoopGroup, limits: Limits, logger: Logger) {
        self.group = group
        self.limits = limits
        self.logger = logger
        ending = site.ending
        open = .makeBoxSendingValue(Open(), eventLoop: group.next())
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
            maxHeaderFieldCount: limits.headerFields)
        http = HTTP1Channel(
            responder: site.answer,
            configuration: .init(idleTimeout: limits.idle, httpDecoderConfiguration: decoder))
    }

    /// - Returns: the port it listens on.
    func start(on listener: Listener) async throws -> Int? {
        let bootstrap = bootstrap()
        let channel =
            switch listener {
            case .inherited(let descriptor): try await bootstrap.withBoundSocket(descriptor).get()
            case .address(let address): try await bootstrap.bind(host: address.address.text, port: address.port).get()
            }
        try await group.next().submit { self.open.value.listener = channel }.get()
        return channel.localAddress?.port
    }

    /// Accepts no more, answers the requests that run or are on their way, each as its connection's last, and closes
    /// what is left after `drain`.
    func stop(drain: Duration) async {
        let begin = ContinuousClock.now
        ending.begin()
        try? await onLoop { $0.listener }?.close().get()
        await connectionsEnd(until: begin + min(limits.grace, drain))
        for channel in await onLoop({ Array($0.connections.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        await connectionsEnd(until: begin + drain)
        for channel in await onLoop({ Array($0.connections.values) }) { channel.close(promise: nil) }
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
                    let limiter = AvailableConnectionsChannelHandler(maxConnections: limits.connections)
                    try channel.pipeline.syncOperations.addHandler(limiter)
                }
            }
            // Nagle's delay would cost a keep-alive client 40 ms whenever an answer is written in two parts.
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // The kernel closes a connection whose peer does not take what was sent to it: tcp(7).
            .childChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: limits.stalledMilliseconds)
            .childChannelInitializer { [self] channel in
                http.setup(channel: channel, logger: logger).map { [self] value in serve(value) }
            }
    }

    /// A client that goes away ends the task, and with it the call that it waited for.
    private func serve(_ connection: HTTP1Channel.Value) {
        let channel = connection.channel
        let task = Task(executorPreference: EventLoopExecutor(loop: channel.eventLoop)) { [http, logger] in
            await http.handle(value: connection, logger: logger)
        }
        open.value.connections[ObjectIdentifier(channel)] = channel
        channel.closeFuture.whenComplete { [open] _ in
            open.value.connections[ObjectIdentifier(channel)] = nil
            task.cancel()
        }
    }

    private func onLoop<T: Sendable>(_ read: @escaping @Sendable (Open) -> T) async -> T {
        await withCheckedContinuation { continuation in
            group.next().execute { continuation.resume(returning: read(self.open.value)) }
        }
    }
}
