import IPC
import NIOCore
import NIOHTTP1
import Synchronization

/// What is followed by `GET /api/events`.
enum Topic: String, Sendable, CaseIterable { case bootstrap, cluster }

/// Server-sent events: each topic is asked for once, however many look on, and only while somebody does.
final class EventHub: Sendable {
    /// How often things happen.
    struct Pace: Sendable {
        var whileRunning = Duration.milliseconds(500)
        var otherwise = Duration.seconds(2)
        var heartbeat = Duration.seconds(10)
    }

    /// What was heard of a topic: the event as it is sent, and whether the next one is to be expected soon.
    struct News: Sendable {
        var event: ByteBuffer
        var isRunning = false
    }

    typealias Poll = @Sendable (Topic) async -> News

    static let maxViewers = 64
    private static let full = Problem(
        .busy, "\(maxViewers) pages follow this appliance already.", hint: "Close some of them.", retryable: true)
    private static let ending = Problem(
        .agentUnavailable, "The gateway is ending.", hint: "It may be restarted; try again in a moment.",
        retryable: true)

    private struct State {
        /// The last of everything, with the number it was published under. A viewer that has fallen behind gets the
        /// newest of each, and never more than that.
        var latest: [String: (number: Int, event: ByteBuffer)] = [:]
        var number = 0
        var viewers: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastViewer = 0
        var tasks: [Task<Void, Never>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let pace: Pace
    private let executor: EventLoopExecutor
    private let poll: Poll

    init(pace: Pace, on loop: any EventLoop, poll: @escaping Poll) {
        self.pace = pace
        executor = EventLoopExecutor(loop: loop)
        self.poll = poll
    }

    /// Starts to look on; ends when the viewer is let go of.
    /// - Throws: `busy` if too many do, `agent.unavailable` at the end.
    func join() throws(Problem) -> Viewer {
        let (wakeUps, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = try state.withLock { state throws(Problem) -> Int in
            if state.isClosed { throw Self.ending }
            guard state.viewers.count < Self.maxViewers else { throw Self.full }
            state.lastViewer += 1
            state.viewers[state.lastViewer] = continuation
            if state.viewers.count == 1 { state.tasks = start() }
            return state.lastViewer
        }
        continuation.yield()
        return Viewer(id: id, hub: self, wakeUps: wakeUps)
    }

    /// Lets all viewers go and takes no more.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for viewer in state.viewers.values { viewer.finish() }
            for task in state.tasks { task.cancel() }
        }
    }

    fileprivate func leave(_ id: Int) {
        state.withLock { state in
            state.viewers.removeValue(forKey: id)?.finish()
            guard state.viewers.isEmpty else { return }
            for task in state.tasks { task.cancel() }
            state.tasks = []
            // What nobody keeps up to date must not be the first thing that the next viewer sees.
            state.latest = [:]
        }
    }

    /// - Returns: all that was published after `number`, oldest first, and the number it goes up to.
    fileprivate func news(since number: Int) -> (events: [ByteBuffer], upTo: Int) {
        state.withLock { state in
            let news = state.latest.values.filter { $0.number > number }.sorted { $0.number < $1.number }
            return (news.map(\.event), state.number)
        }
    }

    // MARK: what is published

    private func start() -> [Task<Void, Never>] {
        let heartbeat = Task(executorPreference: executor) { [self] in
            while (try? await Task.sleep(for: pace.heartbeat)) != nil {
                publish(ByteBuffer(string: ": alive\n\n"), as: "heartbeat", evenIfSame: true)
            }
        }
        return [heartbeat] + Topic.allCases.map { topic in
            Task(executorPreference: executor) { [self] in
                while !Task.isCancelled {
                    let news = await poll(topic)
                    publish(news.event, as: topic.rawValue)
                    try? await Task.sleep(for: news.isRunning ? pace.whileRunning : pace.otherwise)
                }
            }
        }
    }

    private func publish(_ event: ByteBuffer, as name: String, evenIfSame: Bool = false) {
        state.withLock { state in
            // A poll that ended after the last viewer had left.
            guard !Task.isCancelled, evenIfSame || state.latest[name]?.event != event else { return }
            state.number += 1
            state.latest[name] = (state.number, event)
            for viewer in state.viewers.values { viewer.yield() }
        }
    }
}

/// One browser that looks on.
final class Viewer: Sendable {
    private let id: Int
    private let hub: EventHub
    private let wakeUps: AsyncStream<Void>

    fileprivate init(id: Int, hub: EventHub, wakeUps: AsyncStream<Void>) {
        self.id = id
        self.hub = hub
        self.wakeUps = wakeUps
    }

    deinit { hub.leave(id) }

    /// Calls `write` with what is new, until the viewer's task is cancelled or the hub closed. While `write` waits
    /// for a slow client, newer events take the place of older ones.
    func follow(_ write: (ByteBuffer) async throws -> Void) async throws {
        var seen = 0
        for await _ in wakeUps {
            let (events, upTo) = hub.news(since: seen)
            seen = upTo
            for event in events { try await write(event) }
        }
    }
}

extension EventHub {
    /// `GET /api/events`.
    var handler: Route.Handler {
        { [self] request, exchange in
            let viewer = request.method == .HEAD ? nil : try join()
            let body = Response.Body.stream { writer in try await viewer?.follow { try await writer.write($0) } }
            return exchange.loop.makeSucceededFuture(
                Response(.ok, ["Content-Type": "text/event-stream"], body: body))
        }
    }
}
