import IPC

/// What the running phase tells of itself; not stored, since a restart finds it out again.
struct PhaseProgress: Sendable, Equatable {
    var activity: String?
    /// 0 to 1 within the phase.
    var fraction: Double = 0
}

extension BootstrapState {
    /// The stored phases as people see them.
    init(_ phases: BootstrapPhases, progress: PhaseProgress, log: [String]) {
        let shown = Self.shown(phases.state)
        self.init(
            status: shown.status, phase: shown.phase,
            fraction: Self.fraction(phases.state, progress: progress),
            phases: BootstrapPhase.allCases.map { Self.line($0, phases) },
            activity: shown.status == .running || shown.status == .cleaning ? progress.activity : nil,
            log: log, error: shown.error, actions: shown.actions, choices: phases.job?.choices,
            fsid: phases.job?.fsid, startedAt: phases.job?.startedAt, endedAt: phases.job?.endedAt)
    }

    private struct Shown {
        var status: Status
        var phase: BootstrapPhase?
        var error: BootstrapFailure?
        var actions: [Action] = []
    }

    private static func shown(_ state: BootstrapPhases.State) -> Shown {
        switch state {
        case .none: Shown(status: .none, actions: [.start])
        case .running(let phase): Shown(status: .running, phase: phase)
        case .failed(let failure):
            Shown(status: .failed, phase: failure.phase, error: failure, actions: [.retry, .cleanUp])
        case .cleaning(let failure): Shown(status: .cleaning, phase: failure.phase)
        case .unclean(let failure): Shown(status: .failed, phase: failure.phase, error: failure, actions: [.cleanUp])
        case .done: Shown(status: .done)
        }
    }

    private static func line(_ phase: BootstrapPhase, _ phases: BootstrapPhases) -> PhaseState {
        let times = phases.job?.times[phase]
        return PhaseState(
            phase: phase, title: phase.title, state: lineState(phase, phases.state), startedAt: times?.startedAt,
            endedAt: times?.endedAt)
    }

    private static func lineState(_ phase: BootstrapPhase, _ state: BootstrapPhases.State) -> PhaseState.State {
        switch state {
        case .none: .waiting
        case .running(let current): phase == current ? .running : phase < current ? .done : .waiting
        case .failed(let failure), .cleaning(let failure), .unclean(let failure):
            phase == failure.phase ? .failed : phase < failure.phase ? .done : .waiting
        case .done: .done
        }
    }

    private static func fraction(_ state: BootstrapPhases.State, progress: PhaseProgress) -> Double {
        switch state {
        case .none: 0
        case .running(let phase): phase.share.lowerBound + progress.fraction * phase.share.length
        case .failed(let failure), .cleaning(let failure), .unclean(let failure): failure.phase.share.lowerBound
        case .done: 1
        }
    }
}

extension ClosedRange<Double> {
    var length: Double { upperBound - lowerBound }
}

extension BootstrapPhase {
    static func < (a: BootstrapPhase, b: BootstrapPhase) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }

    /// Its part of the whole, by how long it takes when the image is there already.
    var share: ClosedRange<Double> {
        switch self {
        case .prepare: 0...0.02
        case .image: 0.02...0.1
        case .bootstrap: 0.1...0.55
        case .orchestrator: 0.55...0.6
        case .settings: 0.6...0.68
        case .osds: 0.68...0.95
        case .verify: 0.95...1
        }
    }

    var title: String {
        switch self {
        case .prepare: "Prepare this node"
        case .image: "Get the Ceph container image"
        case .bootstrap: "Create the cluster"
        case .orchestrator: "Wait for the orchestrator"
        case .settings: "Set the cluster up for one node"
        case .osds: "Turn the disks into storage"
        case .verify: "Check the result"
        }
    }
}
