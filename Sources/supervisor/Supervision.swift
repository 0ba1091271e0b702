import Glibc
import IPC
import Logging

/// The supervisor's state and its main loop: everything that concerns children happens on one thread.
actor Supervision {
    private nonisolated let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let launcher: Launcher
    private let configuration: String
    private let logger: Logger
    private var sockets: Sockets
    private var driver: ChildDriver
    private let logs: ChildLogs
    private var desks: [String: CrashLoopDesk]
    private var serviceManager: ServiceManager
    private var waiters: [Waiter] = []

    /// Somebody who waits for something.
    private struct Waiter {
        let isOver: (isolated Supervision) -> Bool
        /// When it waits no longer.
        var until: SuspendingClock.Instant?
        let continuation: CheckedContinuation<Void, Never>
    }

    init(
        _ topology: Topology, launching settings: Launcher.Settings, sockets: Sockets, serviceManager: ServiceManager,
        logger: Logger
    ) throws {
        thread = try EventThread()
        let logs = ChildLogs(topology)
        self.logs = logs
        launcher = Launcher(settings, listeners: sockets.listeners) { name throws(LaunchFailure) in try logs.open(name)
        }
        driver = ChildDriver(topology, host: launcher, logger: logger)
        desks = Self.desks(topology.children, sockets.listeners)
        configuration = settings.configuration
        self.logger = logger
        self.sockets = sockets
        self.serviceManager = serviceManager
        self.serviceManager.keep(sockets.changes)
    }

    /// Launches all children; they become ready in their own time.
    func start() {
        thread.onTurn { [self] ready in
            assumeIsolated { $0.turn(ready) }
        }
        driver.start()
    }

    /// Takes over what is on the disk now: the configuration and the children's programs.
    func reload() {
        guard !driver.isStopping else { return }
        serviceManager.reloading()
        do {
            try sockets.move(to: try Configuration.load(configuration).listen)
        } catch {
            // Children that were launched now would not understand it either.
            let reason = (error as? Problem)?.message ?? "\(error)"
            logger.error("the configuration was not taken over", metadata: ["reason": "\(reason)"])
            serviceManager.note = "not reloaded: " + reason.replacing("\n", with: " ")
            return
        }
        serviceManager.note = nil
        serviceManager.keep(sockets.changes)
        launcher.listeners = sockets.listeners
        for name in desks.keys { desks[name]?.close() }
        desks = Self.desks(driver.children.map(\.spec), sockets.listeners)
        driver.reload()
    }

    private static func desks(_ children: [ChildSpec], _ listeners: [String: CInt]) -> [String: CrashLoopDesk] {
        Dictionary(
            uniqueKeysWithValues: children.compactMap { child in
                listeners[child.name].map { (child.name, CrashLoopDesk(listener: $0, language: child.language)) }
            })
    }

    /// Ends all children, callers before those they call, and whatever they left behind.
    func stop() async {
        serviceManager.stopping()
        driver.stop()
        await until { $0.driver.isStopped }
        launcher.killOrphans()
    }

    var children: [Child] { driver.children.map(\.report) }

    /// - Returns: the child, when it runs again.
    /// - Throws: `NotBegun` for a name that no child has, or when all are being stopped; `Problem` when the child does not
    ///   come back.
    func restart(_ name: String) async throws -> Child {
        driver.restart(try restartable(name))
        return try await started(name)
    }

    /// Waits until the child runs, or has come to where it will not by itself.
    func started(_ name: String) async throws -> Child {
        let index = try restartable(name)
        await until { supervision in
            switch supervision.driver.children[index].state {
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

    /// - Parameters:
    ///   - cursor: gives what came after it; nil: the last lines.
    ///   - patience: how long to wait for a line where none is there after the cursor.
    func log(
        of name: String, after cursor: LogCursor?, most count: Int, waiting patience: Duration
    ) async throws -> ChildLog.Page {
        if let cursor, patience > .zero, logs[name] != nil {
            await until(.now + patience) { supervision in
                if supervision.driver.isStopping { return true }
                return supervision.logs[name].map { $0.hasLines(after: cursor) } == true
            }
        }
        guard let log = logs[name] else { throw unknown }
        return log.page(after: cursor, most: count)
    }

    private func restartable(_ name: String) throws(NotBegun) -> Int {
        let index: Int
        do throws(Problem) { index = try self.index(of: name) } catch { throw NotBegun(error) }
        guard !driver.isStopping else {
            throw NotBegun(Problem(.agentUnavailable, "The appliance is stopping.", hint: "Start it again."))
        }
        return index
    }

    private func index(of name: String) throws(Problem) -> Int {
        guard let index = driver.children.firstIndex(where: { $0.spec.name == name }) else { throw unknown }
        return index
    }

    private var unknown: Problem {
        let names = driver.children.map(\.spec.name).joined(separator: ", ")
        return Problem(
            .childUnknown, "The supervisor has no child of that name.", hint: "Its children: \(names).",
            pointer: "/name")
    }

    // The loop

    private func turn(_ ready: Set<CInt>) -> EventThread.Interest {
        // What a child said last comes before its death, and whatever anybody said before the verdict on silence.
        if ready.contains(sockets.notify.descriptor) { receiveNotifications() }
        logs.read(ready)
        for (pid, pidfd) in launcher.pidfds where ready.contains(pidfd) { bury(pid) }
        launcher.reapOrphans()
        driver.expire()
        answerForTheDead(ready)
        report()
        return interest
    }

    private var interest: EventThread.Interest {
        let open = driver.children.filter(\.isAnsweredFor).compactMap { desks[$0.spec.name] }
        return EventThread.Interest(
            readable: [sockets.notify.descriptor] + logs.readEnds + launcher.pidfds.values + open.flatMap(\.readable),
            writable: open.flatMap(\.writable),
            until: ([driver.nextDeadline, serviceManager.nextBeat] + waiters.map(\.until)).compactMap { $0 }.min())
    }

    private func receiveNotifications() {
        for (sender, message) in sockets.notify.receive() { driver.notified(by: sender, message) }
    }

    private func bury(_ pid: pid_t) {
        guard let exit = launcher.reap(pid) else { return }
        if let name = driver.name(of: pid) { logs.readRest(of: name) }
        driver.died(pid, exit)
    }

    private func answerForTheDead(_ ready: Set<CInt>) {
        for child in driver.children {
            let name = child.spec.name
            if child.isAnsweredFor {
                desks[name]?.serve(ready) { isRoot in
                    .crashLoop(of: child, lastLines: isRoot ? logs[name]?.lines ?? [] : nil)
                }
            } else {
                desks[name]?.close()
            }
        }
    }

    private func report() {
        serviceManager.update(
            driver.children, isReady: driver.isReady, isReloading: driver.isReloading, at: .now)
        let now = SuspendingClock.now
        let waiting = waiters
        waiters = []
        for waiter in waiting {
            if waiter.isOver(self) || waiter.until.map({ $0 <= now }) == true {
                waiter.continuation.resume()
            } else {
                waiters.append(waiter)
            }
        }
    }

    private func until(
        _ end: SuspendingClock.Instant? = nil, _ isOver: @escaping (isolated Supervision) -> Bool
    ) async {
        await withCheckedContinuation { waiters.append(Waiter(isOver: isOver, until: end, continuation: $0)) }
    }
}
