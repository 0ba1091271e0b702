import IPC
import Logging
import Synchronization

/// One cluster, known by one set of access files: connected at the first question, and remembered as it last was.
final class ClusterConnection: Sendable {
    typealias Open = @Sendable () throws(RadosError) -> any CommandChannel

    private struct State {
        var channel: (any CommandChannel)?
        /// The last output of each mgr command, a `Remembered<Output>`, by the command's text.
        var lastKnown: [String: any Sendable] = [:]
    }

    private let open: Open
    private let mons: Lane
    private let mgr: Lane
    private let state = Mutex(State())

    init(pool: BlockingPool, limits: Lane.Limits = Lane.Limits(), logger: Logger, open: @escaping Open) {
        self.open = open
        mons = Lane(to: .mon, pool: pool, limits: limits, logger: logger)
        mgr = Lane(to: .mgr, pool: pool, limits: limits, logger: logger)
    }

    /// When the mgr last answered anything.
    var mgrAnsweredAt: Timestamp? { mgr.answeredAt }

    /// Asks the cluster now.
    func ask<C: CephCommand>(_ command: C, until deadline: ContinuousClock.Instant) async throws(OrchFailure)
        -> C.Output
    {
        let channel = try await channel(until: deadline)
        let lane = C.target == .mon ? mons : mgr
        return try await lane.call(command.text, until: deadline) { [self] () throws(OrchFailure) in
            let output = try command.run(on: channel)
            if C.target == .mgr { remember(output, of: command) }
            return output
        }
    }

    /// Asks the mgr; while it is silent, gives what it said last.
    /// - Throws: `OrchFailure.silent` or `.stuck` if it never said anything.
    func latest<C: CephCommand>(_ command: C, until deadline: ContinuousClock.Instant) async throws(OrchFailure)
        -> Aged<C.Output>
    {
        do {
            return Aged(value: try await ask(command, until: deadline), freshness: .fresh)
        } catch {
            guard let reason = error.silence, let known = lastKnown(of: command) else { throw error }
            return Aged(
                value: known.value, freshness: Freshness(isStale: true, since: known.at, reason: reason))
        }
    }

    func lastKnown<C: CephCommand>(of command: C) -> (value: C.Output, at: Timestamp)? {
        state.withLock { $0.lastKnown[command.text] as? Remembered<C.Output> }.map { ($0.value, $0.at) }
    }

    private func remember<C: CephCommand>(_ output: C.Output, of command: C) {
        state.withLock { $0.lastKnown[command.text] = Remembered(value: output, at: .now) }
    }

    private func channel(until deadline: ContinuousClock.Instant) async throws(OrchFailure) -> any CommandChannel {
        if let channel = state.withLock(\.channel) { return channel }
        return try await mons.call("connect", until: deadline) { [self] () throws(OrchFailure) in
            do throws(RadosError) {
                let channel = try open()
                state.withLock { $0.channel = channel }
                return channel
            } catch {
                throw .notConnected(error)
            }
        }
    }
}

private struct Remembered<Value: Sendable>: Sendable {
    let value: Value
    let at: Timestamp
}

/// What a daemon said, and how fresh it is.
struct Aged<Value: Sendable>: Sendable {
    let value: Value
    let freshness: Freshness
}
