import IPC
import Logging
import Synchronization

/// The calls to one kind of daemon. Equal calls at the same time are made once; each has a time limit, at which its
/// callers get their error and its thread is left behind in librados until the daemon answers after all; and only so
/// many threads are ever in the lane, so that a daemon that is away can't use up those that the other one needs.
final class Lane: Sendable {
    struct Limits {
        /// How long a call may take.
        var time: Duration = .seconds(5)
        /// When an unanswered call counts as lost, so that the same is sent again. librados sends what was unanswered to
        /// the next mgr by itself; this is for what a daemon has swallowed.
        var resend: Duration = .seconds(60)
        /// How many calls may be in librados.
        var calls = 8
    }

    private struct Flight {
        let number: Int
        let startedAt: ContinuousClock.Instant
        /// An `Answer<Result<V, OrchFailure>>`; the key of a flight stands for one V.
        let answer: any Sendable
    }

    private struct State {
        var flights: [String: Flight] = [:]
        var running = 0
        var sent = 0
        var answeredAt: Timestamp?
    }

    private let target: Target
    private let pool: BlockingPool
    private let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())

    init(to target: Target, pool: BlockingPool, limits: Limits, logger: Logger) {
        self.target = target
        self.pool = pool
        self.limits = limits
        self.logger = logger
    }

    /// How many calls are in librados now, those left behind included.
    var running: Int { state.withLock(\.running) }
    /// When a call last came back, be it with an error.
    var answeredAt: Timestamp? { state.withLock(\.answeredAt) }

    /// Makes the call, or waits for the equal one that is being made.
    /// - Parameters:
    ///   - key: calls with the same key are equal.
    ///   - deadline: when this caller stops waiting; the others and the call itself are not affected.
    ///   - work: blocks; runs on a thread of the pool.
    func call<V: Sendable>(
        _ key: String, until deadline: ContinuousClock.Instant,
        _ work: @escaping @Sendable () throws(OrchFailure) -> V
    ) async throws(OrchFailure) -> V {
        let (answer, startedAt) = try join(key, work)
        guard let result = await answer.value(until: min(deadline, startedAt + limits.time)) else {
            if Task.isCancelled { throw .cancelled }
            throw .silent(target, for: startedAt.duration(to: .now))
        }
        return try result.get()
    }

    private func join<V: Sendable>(
        _ key: String, _ work: @escaping @Sendable () throws(OrchFailure) -> V
    ) throws(OrchFailure) -> (Answer<Result<V, OrchFailure>>, ContinuousClock.Instant) {
        try state.withLock { state throws(OrchFailure) in
            let now = ContinuousClock.now
            if let flight = state.flights[key], now < flight.startedAt + limits.resend {
                return (flight.answer as! Answer<Result<V, OrchFailure>>, flight.startedAt)
            }
            guard state.running < limits.calls else { throw .stuck(target, calls: state.running) }
            let answer = Answer<Result<V, OrchFailure>>()
            let flight = Flight(number: state.sent, startedAt: now, answer: answer)
            do {
                try pool.run { [self] in
                    let result = Result(catching: work)
                    land(key, flight)
                    answer.fulfil(result)
                }
            } catch {
                throw .noThread
            }
            state.sent += 1
            state.running += 1
            state.flights[key] = flight
            return (answer, now)
        }
    }

    private func land(_ key: String, _ flight: Flight) {
        state.withLock { state in
            state.running -= 1
            state.answeredAt = .now
            if state.flights[key]?.number == flight.number { state.flights[key] = nil }
        }
        let took = flight.startedAt.duration(to: .now)
        guard took > limits.time else { return }
        logger.notice(
            "a call that was left behind has returned",
            metadata: ["target": "\(target.rawValue)", "after": "\(took)", "still_running": "\(running)"])
    }
}
