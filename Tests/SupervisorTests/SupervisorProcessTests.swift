import Glibc
import IPC
import Logging
import NIOPosix
import Testing

@testable import supervisor

/// The real supervisor with real children.
struct SupervisorProcessTests {
    private func ready(_ does: [String: String] = [:]) async throws -> RunningSupervisor {
        let supervisor = try RunningSupervisor(does)
        try await eventually("READY=1") { supervisor.notifications().contains("READY=1") }
        return supervisor
    }

    private func listening(_ does: [String: String]) async throws -> RunningSupervisor {
        let supervisor = try RunningSupervisor(does)
        try await eventually("the sockets are there") { !supervisor.notifications().isEmpty }
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

    @Test("in its crash loop the supervisor answers in its place, at once, and no more when it is launched again")
    func crashLoopAnswer() async throws {
        let supervisor = try await listening(["orch-agent": "die"])
        // Who connects before waits in the queue, and is answered then too.
        let early = try supervisor.connect("orch")
        defer { close(early) }
        try await eventually("crash loop") { try await supervisor.child("orch").state == .crashLoop }
        let begin = ContinuousClock.now
        let orch = AgentClient(
            socketPath: supervisor.folder + "/run/orch.sock", group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let problem = await #expect(throws: Problem.self) { try await orch.call(ClusterStatus()) }
        print("answered in \(ContinuousClock.now - begin)")
        #expect(problem?.kind == .agentCrashLoop)
        #expect(problem?.message.hasPrefix("The orch-agent crashes again and again: ended with exit code 3.") == true)
        let last = try #require(try await supervisor.log(of: "orch").last)
        #expect(problem?.message.hasSuffix("\n" + last) == true)
        #expect(problem?.hint?.contains("supervisor.restart") == true)
        let line = try supervisor.exchange(early, #"[{"id":1,"method":"a"},{"method":"b","jsonrpc":"2.0"}]"# + "\n")
        #expect(line?.hasPrefix(#"[{"jsonrpc":"2.0","id":1,"error":{"code":-32008,"#) == true)
        #expect(line?.hasSuffix("}]\n") == true)
        try supervisor.setBehaviour(of: "orch-agent", "serve")
        let child = try await supervisor.client.call(SupervisorRestart(name: "orch"))
        #expect(try supervisor.exchange(early, "") == nil)
        #expect(try supervisor.ask("orch") == child.pid)
        await orch.close()
    }

    @Test("while the gateway is in its crash loop, browsers get a 503 that says so, without the log")
    func crashLoopPage() async throws {
        let supervisor = try await listening(["gateway": "die"])
        try await eventually("crash loop") { try await supervisor.child("gateway").state == .crashLoop }
        let connection = try supervisor.connectToPage()
        defer { close(connection) }
        let answer = try #require(
            try supervisor.exchange(connection, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"))
        #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(answer.contains("\r\nRetry-After: 30\r\n"))
        #expect(answer.contains(#""kind":"agent.crash_loop""#))
        #expect(!answer.contains("started"))
        let parts = try #require(answer.firstRange(of: "\r\n\r\n"))
        #expect(answer.contains("\r\nContent-Length: \(answer[parts.upperBound...].utf8.count)\r\n"))
    }

    @Test("a follower of a log waits for the next line, and misses none across the child's lives")
    func followedLog() async throws {
        let supervisor = try await ready()
        let first = try await supervisor.client.call(SupervisorLogs(name: "orch"))
        #expect(first.next.value == first.lines.count)
        let wait = WaitTime(clamping: 30_000)
        let client = supervisor.client
        async let next = client.call(SupervisorLogs(name: "orch", after: first.next, waitMs: wait))
        let child = try await supervisor.client.call(SupervisorRestart(name: "orch"))
        let second = try await next
        #expect(second.lines == ["started \(try #require(child.pid))"])
        #expect(second.next.value == first.next.value + 1)
        let none = SupervisorLogs(name: "orch", after: second.next, waitMs: WaitTime(clamping: 20))
        #expect(
            try await client.call(none) == SupervisorLogs.Response(lines: [], next: second.next, missed: 0))
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
