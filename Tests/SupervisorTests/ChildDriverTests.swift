import Glibc
import IPC
import Logging
import Testing

@testable import supervisor

/// Processes that exist only as numbers.
final class FakeHost: ProcessHost {
    var launches: [String] = []
    var signals: [String] = []
    var failure: LaunchFailure?
    var outdated: Set<String> = []
    private var names: [pid_t: String] = [:]
    private var lastPid: pid_t = 1000

    func launch(_ child: ChildSpec) throws(LaunchFailure) -> pid_t {
        launches.append(child.name)
        if let failure { throw failure }
        lastPid += 1
        names[lastPid] = child.name
        return lastPid
    }

    func isOutdated(_ child: ChildSpec) -> Bool { outdated.contains(child.name) }

    func signal(_ pid: pid_t, _ number: CInt) {
        signals.append("\(names[pid] ?? "nobody") \(number == SIGTERM ? "TERM" : "KILL")")
    }
}

/// A driver with a clock that moves only when told to.
final class Appliance {
    let host = FakeHost()
    var now = SuspendingClock.Instant.now
    var driver: ChildDriver!

    init(_ children: [ChildSpec]) {
        let surroundings = Surroundings(
            now: { [unowned self] in now }, timestamp: { .example }, random: { 0 })
        driver = ChildDriver(
            Topology(children: children), host: host, surroundings: surroundings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        driver.start()
    }

    func pid(_ name: String) -> pid_t { driver.children.first { $0.spec.name == name }?.pid ?? -1 }
    func state(_ name: String) -> ChildLifecycle.State? { driver.children.first { $0.spec.name == name }?.state }
    func says(_ name: String, _ message: NotifyMessage) { driver.notified(by: pid(name), message) }
    func died(_ name: String, _ exit: ProcessExit) { driver.died(pid(name), exit) }
    func ready(_ name: String) { says(name, NotifyMessage(isReady: true)) }

    /// Lets time pass as the main loop would see it: it wakes at each deadline.
    func wait(_ duration: Duration) {
        let end = now + duration
        while let next = driver.nextDeadline, next <= end {
            now = max(now, next)
            driver.expire()
        }
        now = end
    }
}

struct ChildDriverTests {
    private static func child(_ name: String, calls: [String] = [], isRequired: Bool = true) -> ChildSpec {
        ChildSpec(name: name, program: name, user: .root, socket: .unix(name), mayCall: calls, isRequired: isRequired)
    }
    private let agent = child("agent")
    private let front = child("front", calls: ["agent"])

    @Test("all children are launched at once, and the appliance is ready when each required one has said so")
    func readiness() {
        let appliance = Appliance([agent, front, Self.child("extra", isRequired: false)])
        #expect(appliance.host.launches == ["agent", "front", "extra"])
        appliance.ready("agent")
        #expect(!appliance.driver.isReady)
        appliance.ready("front")
        #expect(appliance.driver.isReady)
    }

    @Test("a notification counts only from the child's own main process")
    func strangers() {
        let appliance = Appliance([agent])
        appliance.driver.notified(by: 1, NotifyMessage(isReady: true))
        #expect(appliance.state("agent") == .starting)
    }

    @Test("a child that dies after a second is launched at once; its exit and restarts are told")
    func restartAtOnce() {
        let appliance = Appliance([agent])
        appliance.ready("agent")
        for _ in 0..<2 {
            appliance.wait(.milliseconds(600))
            appliance.says("agent", NotifyMessage(isHeartbeat: true))
        }
        appliance.died("agent", .signal(SIGSEGV))
        let report = appliance.driver.children[0].report
        #expect(report.state == .starting)
        #expect(report.restarts == 1)
        #expect(report.pid == 1002)
        #expect(
            report.lastExit
                == ChildExit(code: nil, signal: "SIGSEGV", at: .example, reason: "killed by SIGSEGV"))
    }

    @Test("a child that dies at once waits 50 ms, then 100")
    func backoff() {
        let appliance = Appliance([agent])
        for delay in [50, 100] {
            appliance.died("agent", .code(1))
            #expect(appliance.state("agent") == .backoff)
            #expect(appliance.driver.children[0].report.pid == nil)
            appliance.wait(.milliseconds(delay - 1))
            #expect(appliance.state("agent") == .backoff)
            appliance.wait(.milliseconds(1))
            #expect(appliance.state("agent") == .starting)
        }
    }

    @Test("after five deaths it is tried every 30 s, and supervisor.restart tries it at once and forgives")
    func crashLoop() {
        let appliance = Appliance([agent])
        for _ in 1...5 {
            appliance.died("agent", .code(1))
            if appliance.state("agent") == .backoff { appliance.wait(.seconds(1)) }
        }
        #expect(appliance.state("agent") == .crashLoop)
        appliance.wait(.seconds(29))
        #expect(appliance.host.launches.count == 5)
        appliance.wait(.seconds(1))
        #expect(appliance.host.launches.count == 6)
        appliance.died("agent", .code(1))
        #expect(appliance.state("agent") == .crashLoop)
        appliance.driver.restart(0)
        #expect(appliance.state("agent") == .starting)
        appliance.died("agent", .code(1))
        #expect(appliance.state("agent") == .backoff)
    }

    @Test("a child that can't be launched is like one that died, and the reason is told")
    func launchFailure() {
        let appliance = Appliance([agent])
        appliance.host.failure = .step("setuid", errno: EPERM)
        appliance.died("agent", .code(1))
        appliance.wait(.milliseconds(50))
        #expect(appliance.state("agent") == .backoff)
        #expect(
            appliance.driver.children[0].lastExit?.reason
                == "could not be launched: setuid: Operation not permitted")
        appliance.wait(.seconds(10))
        #expect(appliance.state("agent") == .crashLoop)
    }

    @Test("a child whose heartbeat stops is killed after 5 s, again if need be, and restarted when it is dead")
    func silence() {
        let appliance = Appliance([agent])
        appliance.ready("agent")
        appliance.wait(.seconds(4))
        appliance.says("agent", NotifyMessage(isHeartbeat: true))
        appliance.wait(.seconds(4.9))
        #expect(appliance.host.signals == [])
        appliance.wait(.seconds(0.1))
        #expect(appliance.host.signals == ["agent KILL"])
        appliance.died("agent", .signal(SIGKILL))
        #expect(appliance.state("agent") == .starting)
        #expect(appliance.driver.children[0].lastExit?.reason == "killed by SIGKILL: its heartbeat had stopped")
        appliance.died("agent", .signal(SIGKILL))
        #expect(
            appliance.driver.children[0].lastExit?.reason
                == "killed by SIGKILL: not by the supervisor, nor for want of memory")
    }

    @Test("a child that others kill again and again is launched at once, each time")
    func killedFromOutside() {
        let appliance = Appliance([agent])
        for _ in 1...20 {
            appliance.ready("agent")
            appliance.died("agent", .signal(SIGKILL))
            #expect(appliance.state("agent") == .starting)
        }
        #expect(appliance.host.launches.count == 21)
    }

    @Test("SIGKILL for want of memory or for silence counts as the child's own death, as other signals do")
    func killedByFault() {
        for exit in [ProcessExit.outOfMemory, .signal(SIGSEGV), .signal(SIGTERM)] {
            let appliance = Appliance([agent])
            appliance.ready("agent")
            appliance.died("agent", exit)
            #expect(appliance.state("agent") == .backoff, "\(exit)")
        }
        let appliance = Appliance([agent])
        appliance.ready("agent")
        for death in 1...RestartPolicy.crashLoopDeaths {
            #expect(appliance.state("agent") == .running)
            appliance.wait(.seconds(5))
            appliance.died("agent", .signal(SIGKILL))
            if death < RestartPolicy.crashLoopDeaths { appliance.ready("agent") }
        }
        #expect(appliance.state("agent") == .crashLoop)
    }

    @Test("a child that never says READY=1 is killed after 30 s")
    func neverReady() {
        let appliance = Appliance([agent])
        appliance.says("agent", NotifyMessage(isHeartbeat: true))
        appliance.wait(.seconds(30))
        #expect(appliance.host.signals == ["agent KILL"])
    }

    @Test("a supervisor that itself was away gives its children their time again")
    func supervisorAway() {
        let appliance = Appliance([agent])
        appliance.ready("agent")
        appliance.now += .seconds(60)
        appliance.driver.expire()
        #expect(appliance.host.signals == [])
        appliance.wait(.seconds(5))
        #expect(appliance.host.signals == ["agent KILL"])
    }

    @Test("a restart that is asked for ends the child by SIGTERM and launches it again, without counting as a death")
    func askedRestart() {
        let appliance = Appliance([agent])
        for round in 1...6 {
            appliance.ready("agent")
            appliance.driver.restart(0)
            #expect(appliance.host.signals == Array(repeating: "agent TERM", count: round))
            appliance.died("agent", .code(0))
            #expect(appliance.state("agent") == .starting)
        }
    }

    @Test("callers are stopped before those they call, and SIGKILL follows a SIGTERM of 5 s")
    func stopOrder() {
        let appliance = Appliance([agent, front])
        appliance.ready("agent")
        appliance.driver.stop()
        #expect(appliance.host.signals == ["front TERM"])
        appliance.wait(.seconds(4))
        appliance.says("agent", NotifyMessage(isHeartbeat: true))
        appliance.wait(.seconds(1))
        #expect(appliance.host.signals == ["front TERM", "front KILL"])
        appliance.died("front", .signal(SIGKILL))
        #expect(appliance.host.signals == ["front TERM", "front KILL", "agent TERM"])
        #expect(!appliance.driver.isStopped)
        appliance.died("agent", .code(0))
        #expect(appliance.driver.isStopped)
        #expect(appliance.driver.nextDeadline == nil)
    }

    @Test("a called child that dies while its callers are stopped is not launched for nothing")
    func deathWhileStopping() {
        let appliance = Appliance([agent, front])
        appliance.driver.stop()
        appliance.died("agent", .code(1))
        appliance.died("front", .code(0))
        #expect(appliance.driver.isStopped)
        #expect(appliance.host.launches == ["agent", "front"])
    }

    @Test("a child that can't be killed does not keep the supervisor for more than 14 s")
    func unkillable() {
        let appliance = Appliance([agent, front])
        appliance.driver.stop()
        appliance.wait(.seconds(13.9))
        #expect(!appliance.driver.isStopped)
        appliance.wait(.seconds(0.1))
        #expect(appliance.driver.isStopped)
    }
}
