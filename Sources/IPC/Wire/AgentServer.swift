import Glibc
public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// Serves one contract on a listening Unix socket.
public final class AgentServer<Agent: Sendable>: Sendable {
    /// Connections at once; one more gets one error line.
    static var maxConnections: Int { 256 }

    private let dispatcher: Dispatcher<Agent>
    private let peers: PeerPolicy
    private let logger: Logger
    private let group: any EventLoopGroup
    private let listener = Mutex<(any Channel)?>(nil)
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])

    public init(
        _ contract: Contract<Agent>, agent: Agent, operations: OperationStore, logger: Logger,
        group: any EventLoopGroup
    ) {
        dispatcher = Dispatcher(contract: contract, agent: agent, operations: operations)
        peers = PeerPolicy(allowed: contract.description.peers)
        self.logger = logger
        self.group = group
    }

    /// - Parameter descriptor: a socket that listens already; the server owns it from here on.
    public func start(listening descriptor: CInt) async throws {
        let channel = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
            .childChannelInitializer { [self] channel in
                peers.identify(channel).flatMapThrowing { try self.admit(channel, $0) }
            }
            .withBoundSocket(descriptor).get()
        ListenSockets.restoreBacklog(of: descriptor)
        listener.withLock { $0 = channel }
    }

    /// Takes no more connections, gives those that are open until `drain` to finish, then closes them.
    public func stop(drain: Duration) async {
        try? await listener.withLock { $0 }?.close().get()
        for channel in connections.withLock({ Array($0.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(Draining())
        }
        let end = ContinuousClock.now + drain
        while connections.withLock({ !$0.isEmpty }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for channel in connections.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }

    /// Takes the connection, or refuses it with one line.
    private func admit(_ channel: any Channel, _ peer: Result<Peer, Problem>) throws {
        switch peer.flatMap({ register(channel, $0) }) {
        case .success(let peer):
            try channel.pipeline.syncOperations.addHandler(
                Connection(dispatcher: dispatcher, peer: peer, on: channel.eventLoop, logger: logger))
        case .failure(let problem):
            logger.warning("refused a connection", metadata: ["reason": "\(problem.kind.rawValue) \(problem.message)"])
            channel.writeAndFlush(Reply.failure(.null, problem).line).whenComplete { _ in
                channel.close(promise: nil)
            }
        }
    }

    private func register(_ channel: any Channel, _ peer: Peer) -> Result<Peer, Problem> {
        let key = ObjectIdentifier(channel)
        let isRoom = connections.withLock { connections in
            guard connections.count < Self.maxConnections else { return false }
            connections[key] = channel
            return true
        }
        guard isRoom else {
            return .failure(
                Problem(.busy, "Too many connections.", hint: "Close one, or try again later.", retryable: true))
        }
        channel.closeFuture.whenComplete { [self] _ in
            _ = connections.withLock { $0.removeValue(forKey: key) }
        }
        return .success(peer)
    }
}
