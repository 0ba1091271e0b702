import Glibc
public import Logging
public import NIOCore
import NIOPosix

/// Calls one agent: many calls over one connection, which is made when first needed and again when it broke.
public final class AgentClient: Sendable {
    private let socketPath: String
    private let loop: any EventLoop
    private let logger: Logger
    private let state: NIOLoopBoundBox<State>

    private enum State {
        case idle
        /// With the calls that wait for it.
        case connecting([AgentCall])
        case connected(ClientConnection)
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
        guard !Task.isCancelled else { throw .cancelled }
        let promise = loop.makePromise(of: ByteBuffer.self)
        let call = NIOLoopBoundBox<AgentCall?>.makeEmptyBox(valueType: AgentCall.self, eventLoop: loop)
        loop.execute { [self] in
            call.value = send(method: method, params: params, meta: meta, onProgress: onProgress) {
                promise.completeWith($0.mapError { $0 })
            }
        }
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                loop.execute { call.value?.cancel() }
            }
        } catch {
            throw error as? Problem ?? .cancelled
        }
    }

    /// The same without a task, for who is on the client's event loop already.
    /// - Parameter completion: called once, perhaps before this returns.
    public func send(
        method: String, params: ByteBuffer?, meta: Meta, onProgress: (@Sendable (Progress) -> Void)? = nil,
        completion: @escaping AgentCall.Completion
    ) -> AgentCall {
        let call = AgentCall(method, params, meta, onProgress, completion)
        switch state.value {
        case .connected(let connection) where connection.isActive: connection.send(call)
        case .connecting(let waiting): state.value = .connecting(waiting + [call])
        case .closed: call.finish(.failure(unavailable(ChannelError.ioOnClosedChannel)))
        case .idle, .connected:
            state.value = .connecting([call])
            connect()
        }
        return call
    }

    public func close() async {
        try? await loop.flatSubmit { [self] in end() }.get()
    }

    // MARK: on the loop

    private func end() -> EventLoopFuture<Void> {
        defer { state.value = .closed }
        switch state.value {
        case .connected(let connection): return connection.channel.close()
        case .connecting(let waiting):
            for call in waiting { call.finish(.failure(unavailable(ChannelError.ioOnClosedChannel))) }
        case .idle, .closed: break
        }
        return loop.makeSucceededVoidFuture()
    }

    private func connect() {
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(2))
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 4 << 20))
            .channelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnection(logger: logger, on: channel))
                }
            }
            .connect(unixDomainSocketPath: socketPath)
            .whenComplete { [self] result in connected(result) }
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        guard case .connecting(let waiting) = state.value else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        do {
            let channel = try result.get()
            let connection = try channel.pipeline.syncOperations.handler(type: ClientConnection.self)
            state.value = .connected(connection)
            for call in waiting where !call.isOver { connection.send(call) }
        } catch {
            state.value = .idle
            let problem = unavailable(error)
            for call in waiting { call.finish(.failure(problem)) }
        }
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
