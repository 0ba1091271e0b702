import IPC

/// What is to be seen of the appliance, one line a subject: drawn as a whole on a terminal, told one by one as they
/// change elsewhere.
struct Facts: Equatable {
    struct Fact: Equatable {
        let subject: String
        let text: String
    }

    private(set) var facts: [Fact] = []

    init(
        processes: Result<SupervisorStatus.Response, Problem>, bootstrap: Result<BootstrapState, Problem>,
        cluster: Result<ClusterStatus.Response, Problem>
    ) {
        switch processes {
        case .success(let answer): answer.children.forEach { add("process \($0.name)", Self.words($0)) }
        case .failure(let problem): add("processes", problem.message)
        }
        switch bootstrap {
        case .success(let state): add(state)
        case .failure(let problem): add("bootstrap", problem.message)
        }
        switch cluster {
        case .success(let status): add(status)
        case .failure(let problem): add("cluster", problem.message)
        }
    }

    private mutating func add(_ subject: String, _ text: String) {
        facts.append(Fact(subject: Printable.text(subject), text: Printable.text(text)))
    }

    private static func words(_ child: Child) -> String {
        let restarts = child.restarts == 0 ? "" : ", \(child.restarts) restart\(child.restarts == 1 ? "" : "s")"
        let reason = child.state == .running ? "" : child.lastExit.map { ", \($0.reason)" } ?? ""
        return child.state.rawValue + restarts + reason
    }

    private mutating func add(_ state: BootstrapState) {
        let percent = state.status == .running ? " \(Int(state.fraction * 100)) %" : ""
        let activity = state.activity.map { ": \($0)" } ?? ""
        add("bootstrap", state.status.rawValue + percent + activity)
        if let error = state.error {
            add("failure", error.message)
            if let hint = error.hint { add("hint", hint) }
        }
        // A finished checklist says no more than its end does.
        guard state.status != .none, state.status != .done else { return }
        for phase in state.phases { add("phase \(phase.phase.rawValue)", "\(phase.state.rawValue): \(phase.title)") }
    }

    private mutating func add(_ status: ClusterStatus.Response) {
        add("cluster", "\(status.health.status.rawValue): \(status.health.summary)")
        for check in status.health.checks { add("health \(check.code)", "\(check.status.rawValue): \(check.message)") }
        let capacity = status.capacity
        add("capacity", "\(Quantity.bytes(capacity.usedBytes)) of \(Quantity.bytes(capacity.totalBytes)) used")
        add("osds", "\(status.osds.up) of \(status.osds.total) up, \(status.osds.in) in")
        add("monitors", "\(status.monitors.quorum.count) of \(status.monitors.count) agree")
        add("manager", status.manager.isAvailable ? status.manager.activeName ?? "available" : "not available")
        if status.freshness.isStale { add("stale", status.freshness.reason ?? "the manager does not answer") }
    }

    // MARK: as lines

    /// All of them, as wide as the terminal is.
    func screen(_ console: Console) -> [String] {
        let width = facts.map(\.subject.count).max() ?? 0
        let columns = console.size().columns
        return facts.map { fact in
            let gap = String(repeating: " ", count: width - fact.subject.count + 2)
            let text = fact.text.prefix(max(columns - width - 2, 1))
            return console.bold(fact.subject) + gap + text
        }
    }

    /// What is another than before, and what is no more.
    func changes(since before: Facts?) -> [String] {
        let old = before?.facts ?? []
        let changed = facts.filter { !old.contains($0) }.map { "\($0.subject): \($0.text)" }
        let gone = old.filter { fact in !facts.contains { $0.subject == fact.subject } }
        return changed + gone.map { "\($0.subject): no more" }
    }
}
