import Glibc
import IPC
import Logging

/// What the driver needs done to processes.
protocol ProcessHost: AnyObject {
    func launch(_ child: ChildSpec) throws(LaunchFailure) -> pid_t
    func signal(_ pid: pid_t, _ number: CInt)
    /// Whether its program or the configuration is another one than when it was launched last.
    func isOutdated(_ child: ChildSpec) -> Bool
}

/// Time and chance, as the driver sees them.
struct Surroundings {
    /// The clock that stands still while the machine sleeps: nobody can send a heartbeat then.
    var now: () -> SuspendingClock.Instant = { .now }
    var timestamp: () -> Timestamp = { .now }
    /// 0 to 1.
    var random: () -> Double = { .random(in: 0...1) }
}

/// Carries out what the children's lifecycles say, and feeds them what happens. Synchronous: whoever owns it says
/// what came in, and calls `expire` when `nextDeadline` has come.
struct ChildDriver {
    enum Limits {
        static let start = Duration.seconds(30)
        static let heartbeat = Duration.seconds(5)
        /// From SIGTERM to SIGKILL.
        static let stop = Duration.seconds(5)
        /// The same for a predecessor, which finishes what it has begun.
        static let drain = Duration.seconds(10)
        /// All children together; systemd's own patience (TimeoutStopSec) is a little longer.
        static let stopAll = Duration.seconds(14)
        /// A deadline noticed later than this was missed by the supervisor itself (a paused virtual machine).
        static let late = Duration.seconds(1)
    }

    var children: [SupervisedChild]
    let host: any ProcessHost
    let surroundings: Surroundings
    let logger: Logger
    /// The child that a reload is at, and those to come after it.
    var renewing: Int?
    var renewals: [Int] = []
    private var stopDeadline: SuspendingClock.Instant?

    init(_ topology: Topology, host: any ProcessHost, surroundings: Surroundings = Surroundings(), logger: Logger) {
        self.host = host
        self.surroundings = surroundings
        self.logger = logger
        children = topology.children.map { SupervisedChild($0, at: surroundings.timestamp()) }
    }

    // What is asked

    mutating func start() {
        for index in children.indices { apply(.start, to: index) }
    }

    /// Callers first, then those whom they call; `isStopped` tells when all is over.
    mutating func stop() {
        stopDeadline = surroundings.now() + Limits.stopAll
        (renewing, renewals) = (nil, [])
        stopNext()
    }

    var isStopping: Bool { stopDeadline != nil }

    /// Every child has ended, or could not be made to in time.
    var isStopped: Bool {
        guard let stopDeadline else { return false }
        let haveEnded = children.allSatisfy { $0.state == .stopped && $0.predecessors.isEmpty }
        return haveEnded || surroundings.now() >= stopDeadline
    }

    var isReady: Bool { children.allSatisfy { $0.state == .running || !$0.spec.isRequired } }

    /// Restarts a child at once, whatever it has done before.
    mutating func restart(_ index: Int) {
        children[index].policy = RestartPolicy()
        apply(.restart, to: index)
    }

    // What happens

    /// A message to the notify socket. One that no child's main process sent is passed over.
    mutating func notified(by pid: pid_t, _ message: NotifyMessage) {
        if predecessorBeat(pid) { return }
        guard let index = children.firstIndex(where: { $0.pid == pid }) else {
            logger.warning("ignored a notification of a process that is no child", metadata: ["pid": "\(pid)"])
            return
        }
        if message.isReady { apply(.ready, to: index) }
        if message.isHeartbeat { apply(.heartbeat, to: index) }
    }

    mutating func died(_ pid: pid_t, _ exit: ProcessExit) {
        if predecessorDied(pid, ChildExit(exit, because: nil, at: surroundings.timestamp())) { return }
        guard let index = children.firstIndex(where: { $0.pid == pid }) else { return }
        let killReason = children[index].killReason
        let told = ChildExit(exit, because: killReason ?? exit.killer, at: surroundings.timestamp())
        buried(index, told, killReason == nil ? exit.cause : .own)
    }

    /// Whose process that is.
    func name(of pid: pid_t) -> String? {
        children.first { $0.pid == pid || $0.predecessors.contains { $0.pid == pid } }?.spec.name
    }

    /// When to call `expire` next; nil: never.
    var nextDeadline: SuspendingClock.Instant? {
        if isStopped { return nil }
        let predecessors = children.flatMap(\.predecessors).map { Optional($0.deadline) }
        return (children.map(\.deadline) + predecessors + [stopDeadline]).compactMap { $0 }.min()
    }

    mutating func expire() {
        let now = surroundings.now()
        for index in children.indices {
            expirePredecessors(of: index)
            guard let deadline = children[index].deadline, deadline <= now else { continue }
            // Who was away that long can't tell whether the child was silent: it gets its time again.
            if children[index].state == .running, now - deadline > Limits.late {
                children[index].deadline = now + Limits.heartbeat
                continue
            }
            apply(.timeUp, to: index)
        }
    }

    // How it is done

    mutating func apply(_ event: ChildLifecycle.Event, to index: Int) {
        let before = children[index].state
        let effects = children[index].lifecycle.on(event)
        if children[index].state != before { enteredState(index) }
        for effect in effects { perform(effect, on: index) }
        if isStopping, children[index].state == .stopped, before != .stopped { stopNext() }
        if index == renewing { renewNext() }
    }

    private mutating func enteredState(_ index: Int) {
        let state = children[index].state
        children[index].since = surroundings.timestamp()
        children[index].readySince = state == .running ? surroundings.now() : nil
        logger.info(
            "child changed its state", metadata: ["child": "\(children[index].spec.name)", "state": "\(state)"])
    }

    mutating func stopNext() {
        for index in children.indices where !hasLiveCallers(children[index].spec.name) {
            endPredecessors(of: index, within: Limits.stop)
            apply(.stop, to: index)
        }
    }

    private func hasLiveCallers(_ name: String) -> Bool {
        children.contains { $0.spec.mayCall.contains(name) && ($0.state != .stopped || !$0.predecessors.isEmpty) }
    }

    private mutating func launch(_ index: Int) {
        children[index].launches += 1
        do {
            children[index].pid = try host.launch(children[index].spec)
        } catch {
            buried(index, ChildExit(error, at: surroundings.timestamp()), .own)
        }
    }

    private mutating func buried(_ index: Int, _ exit: ChildExit, _ cause: RestartPolicy.Cause) {
        let child = children[index]
        children[index].pid = nil
        children[index].lastExit = exit
        children[index].killReason = nil
        logger.log(
            level: child.wasToldToEnd ? .info : .error, "child ended",
            metadata: ["child": "\(child.spec.name)", "reason": "\(exit.reason)"])
        // An end that was asked for says nothing against the child.
        let verdict =
            child.wasToldToEnd
            ? .atOnce
            : children[index].policy.childDied(at: surroundings.now(), upSince: child.readySince, of: cause)
        apply(.died(verdict), to: index)
    }

    private mutating func perform(_ effect: ChildLifecycle.Effect, on index: Int) {
        let child = children[index]
        switch effect {
        case .launch: launch(index)
        case .setAside: setAside(index)
        case .drain: endPredecessors(of: index, within: Limits.drain)
        case .terminate: signal(child, SIGTERM)
        case .kill:
            logger.error(
                "child was silent for too long and is killed",
                metadata: ["child": "\(child.spec.name)", "state": "\(child.state)"])
            children[index].killReason = child.state.killReason
            signal(child, SIGKILL)
        case .limit(let limit): children[index].deadline = surroundings.now() + duration(of: limit, for: child)
        case .noLimit: children[index].deadline = nil
        }
    }

    private func signal(_ child: SupervisedChild, _ number: CInt) {
        if let pid = child.pid { host.signal(pid, number) }
    }

    private func duration(of limit: ChildLifecycle.Limit, for child: SupervisedChild) -> Duration {
        switch limit {
        case .start: Limits.start
        case .heartbeat: Limits.heartbeat
        case .stop: Limits.stop
        case .backoff: child.policy.backoff(jitter: surroundings.random())
        case .crashLoop: RestartPolicy.crashLoopPause
        }
    }
}
