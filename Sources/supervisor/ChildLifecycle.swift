/// The life of one child as a complete table: state × event → the next state and what to do. It does no I/O and
/// reads no clock; `ChildDriver` carries the effects out.
///
/// Every state but `stopped` waits for exactly one limit of time, so a child has one timer.
struct ChildLifecycle: Equatable {
    enum State: CaseIterable {
        /// Not running, and not wanted to.
        case stopped
        /// Launched; has not said READY=1.
        case starting
        case running
        /// Told to end, to be launched again.
        case restarting
        /// Told to end, for good.
        case stopping
        /// Died; is launched again after a while.
        case backoff
        /// Dies again and again; is tried now and then.
        case crashLoop
    }

    enum Event: Equatable {
        case start
        case stop
        case restart
        /// To go on as a new process, which is launched beside the one that serves.
        case handOver
        /// READY=1
        case ready
        /// WATCHDOG=1
        case heartbeat
        /// It has ended, or could not be launched.
        case died(RestartPolicy.Verdict)
        /// What the state waits for has not come in time.
        case timeUp
    }

    enum Effect: Equatable {
        case launch
        /// Its process becomes a predecessor, and serves on.
        case setAside
        /// Its predecessors are told to end.
        case drain
        /// SIGTERM
        case terminate
        /// SIGKILL
        case kill
        /// Replaces the limit that was set before.
        case limit(Limit)
        case noLimit
    }

    enum Limit: Equatable { case start, heartbeat, stop, backoff, crashLoop }

    private(set) var state = State.stopped

    mutating func on(_ event: Event) -> [Effect] {
        let (next, effects) = Self.table(state, event)
        state = next
        return effects
    }

    private static func table(_ state: State, _ event: Event) -> (State, [Effect]) {
        switch (state, event) {
        case (.stopped, .start), (.stopped, .restart): launched
        case (.stopped, .stop), (.stopped, .handOver), (.stopped, .ready), (.stopped, .heartbeat), (.stopped, .died),
            (.stopped, .timeUp):
            (.stopped, [])

        case (.starting, .start), (.starting, .heartbeat): (.starting, [])
        case (.starting, .ready): (.running, [.limit(.heartbeat), .drain])
        case (.starting, .died(let verdict)): died(verdict)
        case (.starting, .timeUp): (.starting, [.kill, .limit(.start)])
        case (.starting, .restart), (.starting, .handOver): (.restarting, [.terminate, .limit(.stop)])
        case (.starting, .stop): (.stopping, [.terminate, .limit(.stop)])

        case (.running, .start), (.running, .ready): (.running, [])
        case (.running, .heartbeat): (.running, [.limit(.heartbeat)])
        case (.running, .died(let verdict)): died(verdict)
        case (.running, .timeUp): (.running, [.kill, .limit(.heartbeat)])
        case (.running, .handOver): (.starting, [.setAside, .limit(.start), .launch])
        case (.running, .restart): (.restarting, [.terminate, .limit(.stop)])
        case (.running, .stop): (.stopping, [.terminate, .limit(.stop)])

        case (.restarting, .start), (.restarting, .restart), (.restarting, .handOver), (.restarting, .ready),
            (.restarting, .heartbeat):
            (.restarting, [])
        case (.restarting, .died): launched
        case (.restarting, .timeUp): (.restarting, [.kill, .limit(.stop)])
        case (.restarting, .stop): (.stopping, [])

        case (.stopping, .start), (.stopping, .restart): (.restarting, [])
        case (.stopping, .stop), (.stopping, .handOver), (.stopping, .ready), (.stopping, .heartbeat): (.stopping, [])
        case (.stopping, .died): (.stopped, [.noLimit])
        case (.stopping, .timeUp): (.stopping, [.kill, .limit(.stop)])

        case (.backoff, .start), (.backoff, .ready), (.backoff, .heartbeat), (.backoff, .died): (.backoff, [])
        case (.backoff, .restart), (.backoff, .handOver), (.backoff, .timeUp): launched
        case (.backoff, .stop): (.stopped, [.noLimit])

        case (.crashLoop, .start), (.crashLoop, .ready), (.crashLoop, .heartbeat), (.crashLoop, .died):
            (.crashLoop, [])
        case (.crashLoop, .restart), (.crashLoop, .handOver), (.crashLoop, .timeUp): launched
        case (.crashLoop, .stop): (.stopped, [.noLimit])
        }
    }

    /// The limit comes first: a launch can fail at once, and what follows sets a limit of its own.
    private static let launched = (State.starting, [Effect.limit(.start), .launch])

    private static func died(_ verdict: RestartPolicy.Verdict) -> (State, [Effect]) {
        switch verdict {
        case .atOnce: launched
        case .later: (.backoff, [.limit(.backoff)])
        case .crashLoop: (.crashLoop, [.limit(.crashLoop)])
        }
    }
}
