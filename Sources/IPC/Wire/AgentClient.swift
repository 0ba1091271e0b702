import Glibc
public import Logging
public import NIOCore
import NIOPosix

/// Calls one agent: many calls over one connection, which is made when first needed and again when it broke.
public final class AgentClient: Sendable {
    /// What a call without a deadline of its own is given.
    public static let defaultDeadline = Duration.seconds(30)
    /// How much longer than the agent the client waits, so that the agent's own answer comes first.
    private static let grace = TimeAmount.milliseconds(500)

    private let socketPath: String
    private let loop: any EventLoop
    private let logger: Logger
    private let state: NIOLoopBoundBox<State>

    /// One call on its way: where it was sent and under which id, and whether its caller has gone.
    private struct Ticket {
        var sent: (id: Int, channel: any Channel)?
        var isAbandoned = false
    }

    private enum State {
        case idle
        case connecting(EventLoopFuture<any Channel>)
        case connected(any Channel)
        case closed
    }

    public init(socketPath: String, group: any EventLoopGroup, logger: Logger) {
        self.socketPath = socketPath
        self.logger = logger
        loop = group.any()
        state = .makeBoxSendingValue(.idle, eventLoop: loop)
    }

    /// - Throws: what the agent answered, or `agent.unavailable`, `deadline`, `cancelled`.
    public func call<O: Operation>(
        _ operation: O, meta: Meta = Meta(), onProgress: (@Sendable (Progress) -> Void)? = nil
    ) async throws(Problem) -> O.Response {
        let params: ByteBuffer
        do {
            params = ByteBuffer(bytes: try WireCoding.encode(operation))
        } catch {
            throw Problem(.bug, "The parameters of \(O.about.method) could not be encoded.")
        }
        let result = try await forward(method: O.about.method, params: params, meta: meta, onProgress: onProgress)
        do {
            return try WireCoding.decode(O.Response.self, from: result.readableBytesView)
        } catch {
            logger.error(
                "a result could not be decoded", metadata: ["method": "\(O.about.method)", "error": "\(error)"])
            throw Problem(.bug, "The agent's answer to \(O.about.method) could not be understood.")
        }
    }

    /// The same without looking at parameters and result.
    /// - Parameter params: a JSON object on one line; nil for none.
    /// - Returns: the JSON text of the result.
    public func forward(
        method: String, params: ByteBuffer?, meta: Meta = Meta(),
        onProgress: (@Sendable (Progress) -> Void)? = nil
    ) async throws(Problem) -> ByteBuffer {
        let ticket = NIOLoopBoundBox.makeBoxSendingValue(Ticket(), eventLoop: loop)
        do {
            return try await withTaskCancellationHandler {
                try await loop.flatSubmit { [self] in
                    channel().flatMap { channel in
                        self.send(method, params, meta, onProgress, ticket, on: channel)
                    }
                }.get()
            } onCancel: {
                loop.execute { [self] in abandon(ticket) }
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw unavailable(error)
        }
    }

    public func close() async {
        let channel = try? await loop.submit { [self] () -> (any Channel)? in
            defer { state.value = .closed }
            if case .connected(let channel) = state.value { return channel }
            return nil
        }.get()
        try? await channel?.close().get()
    }

    // MARK: on the loop

    private func channel() -> EventLoopFuture<any Channel> {
        switch state.value {
        case .connected(let channel) where channel.isActive: return loop.makeSucceededFuture(channel)
        case .connecting(let future): return future
        case .closed: return loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        case .idle, .connected: break
        }
        let future = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(2))
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 4 << 20))
            .channelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnection(logger: logger))
                }
            }
            .connect(unixDomainSocketPath: socketPath)
        state.value = .connecting(future)
        future.whenComplete { [self] result in
            guard case .connecting = state.value else { return }
            state.value = (try? result.get()).map { .connected($0) } ?? .idle
        }
        return future
    }

    private func send(
        _ method: String, _ params: ByteBuffer?, _ meta: Meta, _ onProgress: (@Sendable (Progress) -> Void)?,
        _ ticket: NIOLoopBoundBox<Ticket>, on channel: any Channel
    ) -> EventLoopFuture<ByteBuffer> {
        do {
            let connection = try channel.pipeline.syncOperations.handler(type: ClientConnection.self)
            var meta = meta
            let deadline = meta.deadlineMs ?? Int(Self.defaultDeadline.components.seconds * 1000)
            meta.deadlineMs = deadline
            guard !ticket.value.isAbandoned else { return loop.makeFailedFuture(Problem.cancelled) }
            guard channel.isWritable else { return loop.makeFailedFuture(Self.overloaded) }
            let (id, future) = connection.call(method, params, meta, onProgress, on: channel)
            ticket.value.sent = (id, channel)
            let timer = loop.scheduleTask(in: .milliseconds(Int64(deadline)) + Self.grace) {
                Self.giveUp(id, .deadline(deadline), on: channel)
            }
            future.whenComplete { _ in timer.cancel() }
            return future
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private static let overloaded = Problem(
        .busy, "This part of the appliance has more to do than it can take.", hint: "Try again in a moment.",
        retryable: true)

    private func abandon(_ ticket: NIOLoopBoundBox<Ticket>) {
        ticket.value.isAbandoned = true
        guard let sent = ticket.value.sent else { return }
        Self.giveUp(sent.id, .cancelled, on: sent.channel)
    }

    private static func giveUp(_ id: Int, _ problem: Problem, on channel: any Channel) {
        guard let connection = try? channel.pipeline.syncOperations.handler(type: ClientConnection.self) else { return }
        connection.giveUp(id, problem, on: channel)
    }

    private func unavailable(_ error: any Error) -> Problem {
        logger.warning("an agent can't be reached", metadata: ["socket": "\(socketPath)", "error": "\(error)"])
        if let failure = error as? IOError, [ENOENT, ECONNREFUSED].contains(failure.errnoCode) {
            return Problem(
                .agentUnavailable, "Nothing listens on \(socketPath): this part of the appliance does not run.",
                hint: "`systemctl status 'aquarium*'` on the node tells what does. "
                    + "Where each process is a systemd unit of its own, there is no supervisor.", retryable: true)
        }
        return Problem(
            .agentUnavailable, "A part of the appliance does not answer right now.",
            hint: "It is restarted by itself; try again in a moment.", retryable: true)
    }
}
