import IPC
import NIOCore

/// One call to an agent, made again when the agent went away and that can't carry anything out twice. Only on the
/// client's event loop.
final class ForwardedCall {
    private let about: About
    private let params: ByteBuffer?
    private var meta: Meta
    private let end: NIODeadline
    private let client: AgentClient?
    private let promise: EventLoopPromise<ByteBuffer>
    private var pauses: ArraySlice<TimeAmount>
    private var running: AgentCall?
    private var retry: Scheduled<Void>?

    /// Before each further try: the agent is restarted within the first of them, and its socket, which is the
    /// supervisor's, takes the call in the meantime.
    private static let pauses: [TimeAmount] = [.milliseconds(50), .milliseconds(200), .milliseconds(800)]

    init(
        _ about: About, _ params: ByteBuffer?, _ meta: Meta, within limit: TimeAmount, to client: AgentClient?,
        on loop: any EventLoop
    ) {
        self.about = about
        self.params = params
        self.meta = meta
        self.client = client
        end = .now() + limit
        promise = loop.makePromise(of: ByteBuffer.self)
        let isRepeatable = about.effect == .read || meta.op != nil
        pauses = isRepeatable ? Self.pauses[...] : []
    }

    /// The JSON text of what the agent answered; fails with a `Problem`.
    var result: EventLoopFuture<ByteBuffer> { promise.futureResult }

    func start() {
        retry = nil
        guard let client else {
            return promise.fail(Problem(.agentUnavailable, "This appliance has no agent for \(about.method)."))
        }
        meta.deadlineMs = max(Int((end - .now()).nanoseconds / 1_000_000), 1)
        running = client.send(method: about.method, params: params, meta: meta) { [self] in tried($0) }
    }

    func cancel() {
        running?.cancel()
        guard let retry else { return }
        self.retry = nil
        retry.cancel()
        promise.fail(Problem.cancelled)
    }

    private func tried(_ result: Result<ByteBuffer, Problem>) {
        running = nil
        switch result {
        case .failure(let problem) where problem.kind == .agentUnavailable:
            guard let pause = pauses.popFirst(), .now() + pause < end else { return promise.fail(problem) }
            let call = NIOLoopBound(self, eventLoop: promise.futureResult.eventLoop)
            retry = promise.futureResult.eventLoop.scheduleTask(in: pause) { call.value.start() }
        case .failure(let problem): promise.fail(problem)
        case .success(let value): promise.succeed(value)
        }
    }
}
