public import NIOCore

/// One call on its way to an agent. Everything here runs on the client's event loop.
public final class AgentCall {
    public typealias Completion = (Result<ByteBuffer, Problem>) -> Void

    let method: String
    let params: ByteBuffer?
    let deadlineMs: Int
    let op: OperationKey?
    let request: String?
    let onProgress: (@Sendable (Progress) -> Void)?
    /// When it is no longer waited for, though the agent was to answer sooner.
    let expires: NIODeadline
    /// Its id, once it was written.
    private var sent: (id: Int, connection: ClientConnection)?
    private var completion: Completion?

    /// What a call without a deadline of its own is given.
    private static let defaultDeadlineMs = 30_000
    /// How much longer than the agent the client waits, so that the agent's own answer comes first.
    private static let grace = TimeAmount.milliseconds(500)

    init(
        _ method: String, _ params: ByteBuffer?, _ meta: Meta, _ onProgress: (@Sendable (Progress) -> Void)?,
        _ completion: @escaping Completion
    ) {
        self.method = method
        self.params = params
        deadlineMs = meta.deadlineMs ?? Self.defaultDeadlineMs
        op = meta.op
        request = meta.request
        self.onProgress = onProgress
        self.completion = completion
        expires = .now() + .milliseconds(Int64(deadlineMs)) + Self.grace
    }

    /// Whether nobody waits for it any more.
    var isOver: Bool { completion == nil }

    /// Stops waiting, and tells the agent.
    public func cancel() { end(.cancelled) }

    func expire() { end(.deadline(deadlineMs)) }

    func wasSent(as id: Int, on connection: ClientConnection) { sent = (id, connection) }

    func finish(_ result: Result<ByteBuffer, Problem>) {
        sent = nil
        guard let completion else { return }
        self.completion = nil
        completion(result)
    }

    private func end(_ problem: Problem) {
        if let sent { sent.connection.giveUp(sent.id) }
        finish(.failure(problem))
    }
}
