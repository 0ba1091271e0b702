import Glibc
import IPC
import Testing

@testable import supervisor

/// The real supervisor with real children.
struct SupervisorProcessTests {
    private func ready(_ does: [String: String] = [:]) async throws -> RunningSupervisor {
        let supervisor = try RunningSupervisor(does)
        try await eventually("READY=1") { supervisor.notifications().contains("READY=1") }
        return supervisor
    }

    @Test("systemd is told each child's state, READY=1 when all are running, and fed from then on")
    func readiness() async throws {
        let supervisor = try await ready()
        let told = supervisor.notifications()
        let running = "STATUS=bootstrap running, orch running, gateway running"
        #expect(told.first == "STATUS=bootstrap starting, orch starting, gateway starting")
        #expect(try #require(told.firstIndex(of: running)) < #require(told.firstIndex(of: "READY=1")))
        #expect(told.contains { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") })
        try await eventually("WATCHDOG=1 again and again") {
            supervisor.notifications().filter { $0 == "WATCHDOG=1" }.count > 3
        }
    }

    @Test("READY=1 waits for every required child")
    func notReady() async throws {
        let supervisor = try RunningSupervisor(["orch-agent": "die"])
        try await eventually("orch in a crash loop") {
            supervisor.notifications().contains(
                "STATUS=bootstrap running, orch crash loop (ended with exit code 3), gateway running")
        }
        #expect(!supervisor.notifications().contains("READY=1"))
    }

    @Test("a killed child is back with a new pid, and whoever connects meanwhile is answered by it")
    func killed() async throws {
        let supervisor = try await ready()
        let before = try #require(try await supervisor.child("orch").pid)
        #expect(try supervisor.ask("orch") == before)
        kill(pid_t(before), SIGKILL)
        var answer = try supervisor.ask("orch")
        // The dying process may still have taken the connection.
        if answer == nil || answer == before { answer = try supervisor.ask("orch") }
        try await eventually("running again") { try await supervisor.child("orch").state == .running }
        let after = try await supervisor.child("orch")
        #expect(answer == after.pid)
        #expect(after.pid != before)
        #expect(after.restarts == 1)
        #expect(after.lastExit?.signal == "SIGKILL")
    }

    @Test("a child's log goes on through its lives")
    func logs() async throws {
        let supervisor = try await ready()
        let first = try #require(try await supervisor.child("orch").pid)
        let second = try #require(try await supervisor.client.call(SupervisorRestart(name: "orch")).pid)
        #expect(first != second)
        #expect(try await supervisor.log(of: "orch") == ["started \(first)", "started \(second)"])
    }

    @Test("a child that dies again and again is left in its crash loop until it is restarted by hand")
    func crashLoop() async throws {
        let supervisor = try RunningSupervisor(["orch-agent": "die"])
        try await eventually("crash loop") {
            supervisor.notifications().contains { $0.contains("orch crash loop") }
        }
        #expect(try await supervisor.child("orch").state == .crashLoop)
        #expect(try await supervisor.child("orch").restarts == 4)
        await #expect(throws: Problem.self) { try await supervisor.client.call(SupervisorRestart(name: "orch")) }
        try supervisor.setBehaviour(of: "orch-agent", "serve")
        #expect(try await supervisor.client.call(SupervisorRestart(name: "orch")).state == .running)
        try await eventually("READY=1") { supervisor.notifications().contains("READY=1") }
    }

    @Test("an unknown child is refused with the names of those there are")
    func unknownChild() async throws {
        let supervisor = try await ready()
        do {
            _ = try await supervisor.client.call(SupervisorRestart(name: "nobody"))
            Issue.record("was not refused")
        } catch {
            #expect(error.kind == .childUnknown)
            #expect(error.hint == "Its children: bootstrap, orch, gateway.")
            #expect(error.pointer == "/name")
        }
    }

    @Test("what a dead child had started in its session dies with it")
    func descendants() async throws {
        let supervisor = try await ready(["bootstrap-agent": "parent in its session"])
        let helper = try await orphan(of: supervisor)
        kill(pid_t(try #require(try await supervisor.child("bootstrap").pid)), SIGKILL)
        try await eventually("the helper is dead") {
            !ProcessTable.all().contains { $0.pid == helper && $0.isAlive }
        }
    }

    private func pids(of supervisor: RunningSupervisor) async throws -> [pid_t] {
        try await supervisor.client.call(SupervisorStatus()).children.compactMap { $0.pid.map(pid_t.init) }
    }

    /// The pid of what the bootstrap-agent has started.
    private func orphan(of supervisor: RunningSupervisor) async throws -> pid_t {
        var pid: pid_t?
        try await eventually("the helper's pid") {
            let line = try await supervisor.log(of: "bootstrap").first { $0.hasPrefix("orphan ") }
            pid = line.flatMap { pid_t($0.dropFirst("orphan ".count)) }
            return pid != nil
        }
        return try #require(pid)
    }

    @Test("stopping ends children in order, kills one that doesn't listen, and leaves no process behind")
    func stop() async throws {
        let supervisor = try await ready(["gateway": "stubborn", "bootstrap-agent": "parent"])
        let orphan = try await orphan(of: supervisor)
        let children = try await pids(of: supervisor)
        let begin = ContinuousClock.now
        supervisor.process.signal(SIGTERM)
        try await eventually("the supervisor has ended") {
            // Read on, as systemd does: what finds the queue full is not told again when the next thing is.
            _ = supervisor.notifications()
            return supervisor.process.hasEnded
        }
        #expect(supervisor.process.end() == .code(0))
        #expect((.seconds(5) ..< .seconds(15)).contains(ContinuousClock.now - begin))
        let left = ProcessTable.all().filter { ([orphan] + children).contains($0.pid) && $0.isAlive }
        #expect(left == [])
        let told = supervisor.notifications()
        let stopping = try #require(told.firstIndex(of: "STOPPING=1"))
        let order = told[stopping...].filter { $0.hasPrefix("STATUS=") }
        #expect(order.first == "STATUS=bootstrap running, orch running, gateway stopping")
        #expect(order.dropFirst().first == "STATUS=bootstrap stopping, orch stopping, gateway stopped")
        #expect(order.last == "STATUS=bootstrap stopped, orch stopped, gateway stopped")
    }

    @Test("children die with the supervisor")
    func supervisorKilled() async throws {
        let supervisor = try await ready()
        let children = try await pids(of: supervisor)
        #expect(children.count == 3)
        supervisor.process.signal(SIGKILL)
        _ = supervisor.process.end()
        try await eventually("no child alive") {
            !ProcessTable.all().contains { children.contains($0.pid) && $0.isAlive }
        }
    }
}
