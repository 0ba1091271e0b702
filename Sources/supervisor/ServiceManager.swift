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
    private let send: (String) -> Bool
    private let period: Duration
    private let hasWatchdog: Bool
    private var isReady = false
    private var status = ""
    private(set) var nextBeat: SuspendingClock.Instant

    /// - Parameter watchdog: how long systemd waits for a WATCHDOG=1; nil: it does not.
    init(
        watchdog: Duration? = Notify.watchdogInterval, now: SuspendingClock.Instant = .now,
        send: @escaping (String) -> Bool = NotifyClient().send
    ) {
        self.send = send
        hasWatchdog = watchdog != nil
        period = min(watchdog.map { $0 / 2 } ?? Self.longestPeriod, Self.longestPeriod)
        nextBeat = now
    }

    /// To be called whenever something may have changed, and at `nextBeat`.
    mutating func update(_ children: [SupervisedChild], isReady allReady: Bool, at now: SuspendingClock.Instant) {
        let newStatus = Self.status(of: children)
        let isBeat = now >= nextBeat
        var lines: [String] = []
        if newStatus != status { lines.append("STATUS=" + newStatus) }
        if allReady, !isReady { lines.append("READY=1") }
        if isBeat, hasWatchdog { lines.append("WATCHDOG=1") }
        if isBeat, !isReady, !allReady {
            lines.append("EXTEND_TIMEOUT_USEC=\(Int(Self.patience / .microseconds(1)))")
        }
        guard lines.isEmpty || send(lines.joined(separator: "\n")) else {
            nextBeat = now + Self.retryPeriod
            return
        }
        status = newStatus
        isReady = isReady || allReady
        if isBeat { nextBeat = now + period }
    }

    func stopping() { _ = send("STOPPING=1") }

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
