import FoundationEssentials
import IPC
import Testing

@testable import bootstrap_agent

@Suite struct BootstrapPhasesTests {
    typealias Phases = BootstrapPhases
    static let failure = BootstrapFailure(phase: .osds, message: "no", hint: nil)
    static let job = BootstrapJob.test()
    static let op = try! OperationKey("operation-1")

    /// The machine in each of its states, reached by events alone.
    static func machine(_ state: Phases.State) -> Phases {
        var machine = Phases()
        func to(_ events: [Phases.Event]) {
            for event in events { _ = machine.on(event, op: isStart(event) ? op : nil, at: .example) }
        }
        func through(_ last: BootstrapPhase?) {
            to([.start(job)])
            for phase in BootstrapPhase.allCases where last.map({ phase < $0 }) ?? true { to([.finished(phase)]) }
        }
        switch state {
        case .none: break
        case .running(let phase): through(phase)
        case .failed(let failure):
            through(failure.phase)
            to([.failed(failure.phase, message: failure.message, hint: failure.hint)])
        case .cleaning(let failure):
            machine = self.machine(.failed(failure))
            to([.cleanUp])
        case .unclean(let failure):
            machine = self.machine(.cleaning(failure))
            to([.failed(.prepare, message: failure.message, hint: failure.hint)])
        case .done: through(nil)
        }
        return machine
    }

    private static func isStart(_ event: Phases.Event) -> Bool { if case .start = event { true } else { false } }

    static let states: [Phases.State] =
        [.none, .failed(failure), .cleaning(failure), .unclean(failure), .done]
        + BootstrapPhase.allCases.map { .running($0) }

    @Test("reaches every state by events", arguments: states)
    func reaches(_ state: Phases.State) { #expect(Self.machine(state).state == state) }

    private func expect(
        _ state: Phases.State, _ event: Phases.Event, op: OperationKey? = nil, _ effects: [Phases.Effect],
        _ next: Phases.State, _ source: SourceLocation = #_sourceLocation
    ) {
        var machine = Self.machine(state)
        #expect(machine.on(event, op: op, at: .example) == effects, sourceLocation: source)
        #expect(machine.state == next, sourceLocation: source)
    }

    @Test("starts from nothing only") func start() {
        let other = BootstrapJob.test()
        expect(.none, .start(Self.job), [.perform(.prepare)], .running(.prepare))
        for phase in BootstrapPhase.allCases {
            expect(.running(phase), .start(other), [.refuse(.running(phase))], .running(phase))
        }
        expect(.failed(Self.failure), .start(other), [.refuse(.failedBefore)], .failed(Self.failure))
        expect(.cleaning(Self.failure), .start(other), [.refuse(.cleaning)], .cleaning(Self.failure))
        expect(.unclean(Self.failure), .start(other), [.refuse(.failedBefore)], .unclean(Self.failure))
        expect(.done, .start(other), [.refuse(.done)], .done)
    }

    @Test(
        "answers a repeated start with the state, other choices under the same key with a conflict", arguments: states)
    func again(_ state: Phases.State) {
        if state == .none { return }
        expect(state, .start(Self.job), op: Self.op, [], state)
        let other = BootstrapJob.test(.test(disks: 1))
        expect(state, .start(other), op: Self.op, [.refuse(.opConflict)], state)
        expect(state, .retry, op: Self.op, [.refuse(.opConflict)], state)
    }

    @Test("answers a retry or a clean-up that arrives again with the state, however late") func lateRepeats() {
        var machine = Self.machine(.failed(Self.failure))
        func send(_ event: Phases.Event, _ key: String) -> [Phases.Effect] {
            machine.on(event, op: try! OperationKey(key), at: .example)
        }
        #expect(send(.retry, "retry-one") == [.perform(.osds)])
        #expect(send(.retry, "retry-one") == [])
        _ = machine.on(.failed(.osds, message: "no", hint: nil), at: .example)
        #expect(send(.retry, "retry-two") == [.perform(.osds)])
        _ = machine.on(.failed(.osds, message: "no", hint: nil), at: .example)
        #expect(send(.retry, "retry-one") == [] && machine.state == .failed(Self.failure))
        #expect(send(.cleanUp, "retry-one") == [.refuse(.opConflict)])
        #expect(send(.cleanUp, "clean-one") == [.cleanUp])
        #expect(send(.cleanUp, "clean-one") == [])
        _ = machine.on(.failed(.prepare, message: "no", hint: nil), at: .example)
        #expect(send(.cleanUp, "clean-one") == [] && machine.state == .unclean(Self.failure))
        #expect(send(.cleanUp, "clean-two") == [.cleanUp])
        _ = machine.on(.cleaned, at: .example)
        #expect(send(.start(Self.job), "operation-1") == [] && machine.state == .none)
        #expect(send(.cleanUp, "clean-two") == [] && send(.retry, "retry-two") == [])
        #expect(send(.start(Self.job), "operation-2") == [.perform(.prepare)])
    }

    @Test("a request that was refused may be made again, and a key is forgotten a day after its operation's end")
    func keys() {
        var machine = Phases()
        func key(_ number: Int) -> OperationKey { try! OperationKey("operation-\(number)") }
        func time(_ hours: Int) -> Timestamp {
            Timestamp(Timestamp.example.date.addingTimeInterval(Double(hours * 3600)))
        }
        #expect(machine.on(.retry, op: key(1), at: time(0)) == [.refuse(.notFailed)])
        #expect(machine.operations == [])
        _ = machine.on(.start(Self.job), op: key(0), at: time(0))
        for hour in 1...100 {
            _ = machine.on(.failed(.prepare, message: "no", hint: nil), at: time(hour))
            #expect(machine.on(.retry, op: key(hour), at: time(hour)) == [.perform(.prepare)])
        }
        #expect(machine.operations.map(\.key) == (75...100).map(key))
    }

    @Test("an operation is told from its beginning to its end") func operations() throws {
        var machine = Self.machine(.running(.osds))
        #expect(machine.operations.map(\.outcome) == [nil])
        _ = machine.on(.failed(.osds, message: "no", hint: nil), at: .example)
        #expect(machine.operations.map(\.outcome) == [.failed(Self.failure)])
        _ = machine.on(.retry, op: try OperationKey("operation-2"), at: .example)
        #expect(machine.on(.cancel, at: .example) == [.stop])
        #expect(machine.operations.map(\.outcome) == [.failed(Self.failure), .cancelled])
        _ = machine.on(.cleanUp, op: try OperationKey("operation-3"), at: .example)
        _ = machine.on(.cleaned, at: .example)
        #expect(machine.operations.map(\.outcome) == [.failed(Self.failure), .cancelled, .done])
        #expect(machine.operations.allSatisfy { $0.endedAt != nil })
    }

    @Test("is stopped where it runs, but not where there is no way back", arguments: states)
    func cancel(_ state: Phases.State) {
        switch state {
        case .running(let phase):
            let failure = BootstrapFailure(
                phase: phase, message: "It was stopped on request.", hint: "Go on with a retry, or clean up.")
            expect(state, .cancel, [.stop], .failed(failure))
        case .cleaning: expect(state, .cancel, [.refuse(.pointOfNoReturn)], state)
        case .none, .failed, .unclean, .done: expect(state, .cancel, [.refuse(.nothingRuns)], state)
        }
    }

    @Test("goes from each phase to the next, and ends", arguments: BootstrapPhase.allCases)
    func finished(_ phase: BootstrapPhase) {
        if let next = phase.next {
            expect(.running(phase), .finished(phase), [.perform(next)], .running(next))
        } else {
            expect(.running(phase), .finished(phase), [], .done)
        }
        for other in BootstrapPhase.allCases where other != phase {
            expect(.running(phase), .finished(other), [], .running(phase))
            expect(.running(phase), .failed(other, message: "no", hint: nil), [], .running(phase))
        }
        let failure = BootstrapFailure(phase: phase, message: "no", hint: "do")
        expect(.running(phase), .failed(phase, message: "no", hint: "do"), [], .failed(failure))
        expect(.failed(failure), .retry, [.perform(phase)], .running(phase))
        expect(.running(phase), .resumed, [.perform(phase)], .running(phase))
        expect(.running(phase), .cleaned, [], .running(phase))
        expect(.running(phase), .retry, [.refuse(.running(phase))], .running(phase))
        expect(.running(phase), .cleanUp, [.refuse(.running(phase))], .running(phase))
    }

    @Test("cleans up what failed, and goes back to nothing") func cleanUp() {
        let failure = Self.failure
        expect(.failed(failure), .cleanUp, [.cleanUp], .cleaning(failure))
        expect(.cleaning(failure), .resumed, [.cleanUp], .cleaning(failure))
        expect(.cleaning(failure), .cleaned, [], .none)
        expect(.cleaning(failure), .retry, [.refuse(.cleaning)], .cleaning(failure))
        expect(.cleaning(failure), .cleanUp, [.refuse(.cleaning)], .cleaning(failure))
        expect(
            .cleaning(failure), .failed(.prepare, message: "stays", hint: nil), [],
            .unclean(BootstrapFailure(phase: .osds, message: "stays", hint: nil)))
        expect(.unclean(failure), .retry, [.refuse(.uncleanOnly)], .unclean(failure))
        expect(.unclean(failure), .cleanUp, [.cleanUp], .cleaning(failure))
        var machine = Self.machine(.cleaning(failure))
        _ = machine.on(.cleaned, at: .example)
        #expect(machine.state == .none && machine.job == nil)
    }

    @Test("refuses to retry or clean up where nothing failed", arguments: [Phases.State.none, .done])
    func notFailed(_ state: Phases.State) {
        expect(state, .retry, [.refuse(.notFailed)], state)
        expect(state, .cleanUp, [.refuse(.notFailed)], state)
    }

    @Test(
        "takes no notice of events that are late",
        arguments: [Phases.State.none, .failed(failure), .unclean(failure), .done])
    func late(_ state: Phases.State) {
        for event in [
            Phases.Event.finished(.osds), .failed(.osds, message: "", hint: nil), .touching(FakeNode.chosen(1)),
            .cleaned, .resumed,
        ] { expect(state, event, [], state) }
        expect(.cleaning(Self.failure), .finished(.osds), [], .cleaning(Self.failure))
        expect(.cleaning(Self.failure), .touching(FakeNode.chosen(1)), [], .cleaning(Self.failure))
    }

    @Test("remembers each touched disk once") func touching() {
        var machine = Self.machine(.running(.osds))
        for number in [1, 2, 1] { #expect(machine.on(.touching(FakeNode.chosen(number)), at: .example) == []) }
        #expect(machine.job?.touched == [FakeNode.chosen(1), FakeNode.chosen(2)])
    }

    @Test("comes back from its file as it was", arguments: states)
    func stored(_ state: Phases.State) throws {
        let machine = Self.machine(state)
        #expect(try WireCoding.decode(Phases.self, from: WireCoding.encode(machine)) == machine)
    }

    @Test("a state that was stored before there were operations is read") func storedBefore() throws {
        let stored = try WireCoding.decode(JSON.self, from: WireCoding.encode(Self.machine(.running(.osds))))
        guard case .members(let members) = stored else { throw Problem(.bug, "not an object") }
        let before = JSON.members(members.filter { $0.name != "operations" })
        let machine = try WireCoding.decode(Phases.self, from: WireCoding.encode(before))
        #expect(members.count == 3)
        #expect(machine.state == .running(.osds) && machine.job != nil && machine.operations == [])
    }

    @Test("is shown with what can be done next", arguments: states)
    func shown(_ state: Phases.State) {
        let shown = BootstrapState(Self.machine(state), progress: PhaseProgress(fraction: 0.5), log: [])
        switch state {
        case .none: #expect(shown.status == .none && shown.actions == [.start] && shown.fraction == 0)
        case .running(let phase):
            #expect(shown.status == .running && shown.phase == phase && shown.actions == [])
            #expect(phase.share.contains(shown.fraction))
        case .failed: #expect(shown.status == .failed && shown.actions == [.retry, .cleanUp] && shown.error != nil)
        case .cleaning: #expect(shown.status == .cleaning && shown.actions == [])
        case .unclean: #expect(shown.status == .failed && shown.actions == [.cleanUp] && shown.error != nil)
        case .done:
            #expect(shown.status == .done && shown.fraction == 1 && shown.phases.allSatisfy { $0.state == .done })
        }
    }
}
