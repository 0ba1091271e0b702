import Glibc
import IPC

/// Tells systemd how the appliance is (sd_notify(3)).
struct ServiceManager {
    /// How long systemd is to wait for READY=1 from each beat on. A child that can't start must not take the others
    /// down with it: the page is what tells a person about it.
    private static let patience = Duration.seconds(30)
    private static let longestPeriod = Duration.seconds(10)

    /// When a message that systemd did not take is offered again.
    private static let retryPeriod = Duration.milliseconds(500)

    /// Returns whether the message was taken; must not wait for that.
    private let send: (String, CInt?) -> Bool
    private let period: Duration
    private let hasWatchdog: Bool
    private enum Told { case starting, ready, reloading }
    private var told = Told.starting
    private var status = ""
    /// What must reach systemd in this order, before anything else: messages, each with the descriptor it carries.
    private var outbox: [(message: String, descriptor: CInt?)] = []
    /// What a person should know besides the children's states.
    var note: String?
    private(set) var nextBeat: SuspendingClock.Instant

    /// - Parameter watchdog: how long systemd waits for a WATCHDOG=1; nil: it does not.
    init(
        watchdog: Duration? = Notify.watchdogInterval, now: SuspendingClock.Instant = .now,
        send: @escaping (String, CInt?) -> Bool = { [client = NotifyClient()] in client.send($0, $1) }
    ) {
        self.send = send
        hasWatchdog = watchdog != nil
        period = min(watchdog.map { $0 / 2 } ?? Self.longestPeriod, Self.longestPeriod)
        nextBeat = now
    }

    /// To be called whenever something may have changed, and at `nextBeat`.
    /// - Parameter isReloading: whether children are still being renewed.
    mutating func update(
        _ children: [SupervisedChild], isReady allReady: Bool, isReloading: Bool = false,
        at now: SuspendingClock.Instant
    ) {
        while let next = outbox.first {
            guard send(next.message, next.descriptor) else {
                nextBeat = now + Self.retryPeriod
                return
            }
            outbox.removeFirst()
        }
        let newStatus = Self.status(of: children) + (note.map { "; " + $0 } ?? "")
        let becomesReady =
            switch told {
            case .starting: allReady
            case .reloading: !isReloading
            case .ready: false
            }
        let isBeat = now >= nextBeat
        var lines: [String] = []
        if newStatus != status { lines.append("STATUS=" + newStatus) }
        if becomesReady { lines.append("READY=1") }
        if isBeat, hasWatchdog { lines.append("WATCHDOG=1") }
        if isBeat, told != .ready, !becomesReady {
            lines.append("EXTEND_TIMEOUT_USEC=\(Int(Self.patience / .microseconds(1)))")
        }
        guard lines.isEmpty || send(lines.joined(separator: "\n"), nil) else {
            nextBeat = now + Self.retryPeriod
            return
        }
        status = newStatus
        if becomesReady { told = .ready }
        if isBeat { nextBeat = now + period }
    }

    mutating func stopping() { outbox.append(("STOPPING=1", nil)) }

    /// Children are about to be renewed. `update` says READY=1 when that is over.
    mutating func reloading() {
        guard told == .ready else { return }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000
        outbox.append(("RELOADING=1\nMONOTONIC_USEC=\(microseconds)", nil))
        told = .reloading
    }

    /// Sockets that systemd is to keep for the supervisor's next life, or to keep no longer.
    mutating func keep(_ changes: [KeptSockets.Change]) {
        outbox += changes.map(\.notification)
    }

    /// `bootstrap running, orch crash loop (killed by SIGSEGV), gateway starting`
    private static func status(of children: [SupervisedChild]) -> String {
        children.map { child in
            let state = child.state.reported.rawValue.replacing("_", with: " ")
            switch child.state {
            case .backoff, .crashLoop: return "\(child.spec.name) \(state) (\(child.lastExit?.reason ?? "unknown"))"
            case .stopped, .starting, .running, .restarting, .stopping: return "\(child.spec.name) \(state)"
            }
        }.joined(separator: ", ")
    }
}
