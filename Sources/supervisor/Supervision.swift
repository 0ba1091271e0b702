import Glibc
import IPC
import Logging

/// The supervisor's state and its main loop: everything that concerns children happens on one thread.
actor Supervision {
    private nonisolated let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let launcher: Launcher
    private let notifySocket: NotifySocket
    private var driver: ChildDriver
    private var logs: [String: ChildLog]
    private var serviceManager: ServiceManager
    /// Those who wait for something, and how to tell whether it has come.
    private var waiters: [(isOver: (ChildDriver) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

    init(
        _ topology: Topology, launching settings: Launcher.Settings, sockets: Sockets, serviceManager: ServiceManager,
        logger: Logger
    ) throws {
        thread = try EventThread()
        logs = try Dictionary(
            uniqueKeysWithValues: topology.children.map { ($0.name, try ChildLog(component: $0.program)) })
        launcher = Launcher(settings, listeners: sockets.listeners, output: logs.mapValues(\.writeEnd))
        driver = ChildDriver(topology, host: launcher, logger: logger)
        notifySocket = sockets.notify
        self.serviceManager = serviceManager
    }

    /// Launches all children; they become ready in their own time.
    func start() {
        thread.onTurn { [self] readable in
            assumeIsolated { $0.turn(readable) }
        }
        driver.start()
    }

    /// Ends all children, callers before those they call, and whatever they left behind.
    func stop() async {
        serviceManager.stopping()
        driver.stop()
        await until { $0.isStopped }
        launcher.killOrphans()
    }

    var children: [Child] { driver.children.map(\.report) }

    /// - Returns: the child, when it runs again.
    /// - Throws: `Problem` for a name that no child has, or when the child does not come back.
    func restart(_ name: String) async throws -> Child {
        let index = try index(of: name)
        guard !driver.isStopping else {
            throw Problem(.agentUnavailable, "The appliance is stopping.", hint: "Start it again.")
        }
        driver.restart(index)
        await until { driver in
            switch driver.children[index].state {
            case .running, .stopped, .backoff, .crashLoop: true
            case .starting, .restarting, .stopping: false
            }
        }
        let child = driver.children[index]
        if child.state == .running { return child.report }
        throw Problem(
            .agentUnavailable, "\(name) did not come back: \(child.lastExit?.reason ?? "it was stopped").",
            hint: "Read its last lines with supervisor.logs.", retryable: true)
    }

    func log(of name: String, last count: Int) throws -> [String] {
        _ = try index(of: name)
        return logs[name]?.lines.suffix(count) ?? []
    }

    private func index(of name: String) throws -> Int {
        if let index = driver.children.firstIndex(where: { $0.spec.name == name }) { return index }
        let names = driver.children.map(\.spec.name).joined(separator: ", ")
        throw Problem(
            .childUnknown, "The supervisor has no child of that name.", hint: "Its children: \(names).",
            pointer: "/name")
    }

    // The loop

    private func turn(_ readable: Set<CInt>) -> EventThread.Interest {
        // What a child said last comes before its death, and whatever anybody said before the verdict on silence.
        if readable.contains(notifySocket.descriptor) { receiveNotifications() }
        for (name, log) in logs where readable.contains(log.readEnd) { readLog(name) }
        for (name, pidfd) in launcher.pidfds where readable.contains(pidfd) { bury(name) }
        launcher.reapOrphans()
        driver.expire()
        report()
        return interest
    }

    private var interest: EventThread.Interest {
        EventThread.Interest(
            readable: [notifySocket.descriptor] + logs.values.map(\.readEnd) + launcher.pidfds.values,
            until: [driver.nextDeadline, serviceManager.nextBeat].compactMap { $0 }.min())
    }

    private func receiveNotifications() {
        for (sender, message) in notifySocket.receive() { driver.notified(by: sender, message) }
    }

    private func readLog(_ name: String) {
        if let events = logs[name]?.read() { Self.emit(events) }
    }

    private func bury(_ name: String) {
        guard let exit = launcher.reap(name) else { return }
        readLog(name)
        if let events = logs[name]?.childEnded() { Self.emit(events) }
        driver.died(name, exit)
    }

    private func report() {
        serviceManager.update(driver.children, isReady: driver.isReady, at: .now)
        let over = waiters.filter { $0.isOver(driver) }
        waiters.removeAll { $0.isOver(driver) }
        for waiter in over { waiter.continuation.resume() }
    }

    private func until(_ isOver: @escaping (ChildDriver) -> Bool) async {
        await withCheckedContinuation { waiters.append((isOver, $0)) }
    }

    private static func emit(_ events: [UInt8]) {
        var rest = events[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
