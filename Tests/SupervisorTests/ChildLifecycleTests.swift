import Testing

@testable import supervisor

struct ChildLifecycleTests {
    typealias State = ChildLifecycle.State
    typealias Event = ChildLifecycle.Event
    typealias Effect = ChildLifecycle.Effect

    static let launch: [Effect] = [.limit(.start), .launch]
    static let end: [Effect] = [.terminate, .limit(.stop)]

    /// The whole table, written out once more: 7 states × 10 events.
    static let table: [(State, Event, State, [Effect])] = [
        (.stopped, .start, .starting, launch),
        (.stopped, .stop, .stopped, []),
        (.stopped, .restart, .starting, launch),
        (.stopped, .handOver, .stopped, []),
        (.stopped, .ready, .stopped, []),
        (.stopped, .heartbeat, .stopped, []),
        (.stopped, .died(.atOnce), .stopped, []),
        (.stopped, .died(.later), .stopped, []),
        (.stopped, .died(.crashLoop), .stopped, []),
        (.stopped, .timeUp, .stopped, []),

        (.starting, .start, .starting, []),
        (.starting, .stop, .stopping, end),
        (.starting, .restart, .restarting, end),
        (.starting, .handOver, .restarting, end),
        (.starting, .ready, .running, [.limit(.heartbeat), .drain]),
        (.starting, .heartbeat, .starting, []),
        (.starting, .died(.atOnce), .starting, launch),
        (.starting, .died(.later), .backoff, [.limit(.backoff)]),
        (.starting, .died(.crashLoop), .crashLoop, [.limit(.crashLoop)]),
        (.starting, .timeUp, .starting, [.kill, .limit(.start)]),

        (.running, .start, .running, []),
        (.running, .stop, .stopping, end),
        (.running, .restart, .restarting, end),
        (.running, .handOver, .starting, [.setAside] + launch),
        (.running, .ready, .running, []),
        (.running, .heartbeat, .running, [.limit(.heartbeat)]),
        (.running, .died(.atOnce), .starting, launch),
        (.running, .died(.later), .backoff, [.limit(.backoff)]),
        (.running, .died(.crashLoop), .crashLoop, [.limit(.crashLoop)]),
        (.running, .timeUp, .running, [.kill, .limit(.heartbeat)]),

        (.restarting, .start, .restarting, []),
        (.restarting, .stop, .stopping, []),
        (.restarting, .restart, .restarting, []),
        (.restarting, .handOver, .restarting, []),
        (.restarting, .ready, .restarting, []),
        (.restarting, .heartbeat, .restarting, []),
        (.restarting, .died(.atOnce), .starting, launch),
        (.restarting, .died(.later), .starting, launch),
        (.restarting, .died(.crashLoop), .starting, launch),
        (.restarting, .timeUp, .restarting, [.kill, .limit(.stop)]),

        (.stopping, .start, .restarting, []),
        (.stopping, .stop, .stopping, []),
        (.stopping, .restart, .restarting, []),
        (.stopping, .handOver, .stopping, []),
        (.stopping, .ready, .stopping, []),
        (.stopping, .heartbeat, .stopping, []),
        (.stopping, .died(.atOnce), .stopped, [.noLimit]),
        (.stopping, .died(.later), .stopped, [.noLimit]),
        (.stopping, .died(.crashLoop), .stopped, [.noLimit]),
        (.stopping, .timeUp, .stopping, [.kill, .limit(.stop)]),

        (.backoff, .start, .backoff, []),
        (.backoff, .stop, .stopped, [.noLimit]),
        (.backoff, .restart, .starting, launch),
        (.backoff, .handOver, .starting, launch),
        (.backoff, .ready, .backoff, []),
        (.backoff, .heartbeat, .backoff, []),
        (.backoff, .died(.atOnce), .backoff, []),
        (.backoff, .died(.later), .backoff, []),
        (.backoff, .died(.crashLoop), .backoff, []),
        (.backoff, .timeUp, .starting, launch),

        (.crashLoop, .start, .crashLoop, []),
        (.crashLoop, .stop, .stopped, [.noLimit]),
        (.crashLoop, .restart, .starting, launch),
        (.crashLoop, .handOver, .starting, launch),
        (.crashLoop, .ready, .crashLoop, []),
        (.crashLoop, .heartbeat, .crashLoop, []),
        (.crashLoop, .died(.atOnce), .crashLoop, []),
        (.crashLoop, .died(.later), .crashLoop, []),
        (.crashLoop, .died(.crashLoop), .crashLoop, []),
        (.crashLoop, .timeUp, .starting, launch),
    ]

    static let events: [Event] = [
        .start, .stop, .restart, .handOver, .ready, .heartbeat, .died(.atOnce), .died(.later), .died(.crashLoop),
        .timeUp,
    ]

    /// Events that bring a new lifecycle into a state.
    static func way(to state: State) -> [Event] {
        switch state {
        case .stopped: []
        case .starting: [.start]
        case .running: [.start, .ready]
        case .restarting: [.start, .restart]
        case .stopping: [.start, .stop]
        case .backoff: [.start, .died(.later)]
        case .crashLoop: [.start, .died(.crashLoop)]
        }
    }

    @Test("every event in every state leads to the state and the effects that the table says")
    func wholeTable() throws {
        #expect(Self.table.count == State.allCases.count * Self.events.count)
        for state in State.allCases {
            for event in Self.events {
                let row = try #require(Self.table.first { $0.0 == state && $0.1 == event }, "\(state) × \(event)")
                var child = ChildLifecycle()
                for step in Self.way(to: state) { _ = child.on(step) }
                #expect(child.state == state)
                #expect(child.on(event) == row.3, "\(state) × \(event)")
                #expect(child.state == row.2, "\(state) × \(event)")
            }
        }
    }

    @Test("a state that is entered waits for exactly one limit of time, and stopped for none")
    func everyStateIsBounded() {
        for (from, event, to, effects) in Self.table where from != to {
            let limits = effects.filter {
                if case .limit = $0 { return true }
                return false
            }
            let keepsItsLimit = [from, to].allSatisfy { [.restarting, .stopping].contains($0) }
            #expect(limits.count == (to == .stopped || keepsItsLimit ? 0 : 1), "\(from) × \(event)")
        }
    }

    @Test("whatever happens, a child that is not stopped comes to an end within its limits once it is told to")
    func stopsFromEverywhere() {
        for state in State.allCases {
            var child = ChildLifecycle()
            for step in Self.way(to: state) { _ = child.on(step) }
            _ = child.on(.stop)
            if child.state != .stopped { #expect(child.on(.timeUp) == [.kill, .limit(.stop)]) }
            _ = child.on(.died(.atOnce))
            #expect(child.state == .stopped)
        }
    }
}
