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

    private func listening(_ does: [String: String], page: CInt? = nil) async throws -> RunningSupervisor {
        let supervisor = try RunningSupervisor(does, page: page)
        try await eventually("the sockets are there") { !supervisor.notifications().isEmpty }
        return supervisor
    }

    @Test("systemd is told each child's state, READY=1 when all are running, and fed from then on")
    func readiness() async throws {
        let supervisor = try await ready()
        let told = supervisor.notifications()
        let running = "STATUS=bootstrap running, orch running, gateway running"
        #expect(told.filter { $0 == "FDSTORE=1" }.count == 4)
        #expect(told.first { $0.hasPrefix("STATUS=") } == "STATUS=bootstrap starting, orch starting, gateway starting")
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

    @Test("every line that a child writes before it dies is told, in its order, however many there are")
    func burst() async throws {
        let supervisor = try RunningSupervisor(["orch-agent": "burst"])
        try await eventually("crash loop") {
            supervisor.notifications().contains { $0.contains("orch crash loop") }
        }
        let told = readLines(supervisor.folder + "/log").filter { $0.contains(#""component":"orch-agent""#) }
        let lives = told.filter { $0.contains("started ") }.count
        #expect(lives == RestartPolicy.crashLoopDeaths)
        #expect(told.count == lives * 2002)
        for life in 0..<lives {
            let own = told[(life * 2002)..<min((life + 1) * 2002, told.count)].dropFirst()
            let isInOrder = own.dropLast().enumerated().allSatisfy { $0.element.contains(" line \($0.offset) ") }
            #expect(isInOrder && own.last?.contains(#" end""#) == true)
        }
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
        let orch = AgentClient(
            socketPath: supervisor.folder + "/run/orch.sock", group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let problem = await #expect(throws: Problem.self) { try await orch.call(ClusterStatus()) }
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
        let page = try RunningSupervisor.listener()
        defer { close(page) }
        let supervisor = try await listening(["gateway": "die"], page: page)
        try await eventually("crash loop") { try await supervisor.child("gateway").state == .crashLoop }
        let connection = try RunningSupervisor.connect(to: page)
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
        #expect(first.next.lines == first.lines.count)
        let wait = WaitTime(clamping: 30_000)
        let client = supervisor.client
        async let next = client.call(SupervisorLogs(name: "orch", after: first.next, waitMs: wait))
        let child = try await supervisor.client.call(SupervisorRestart(name: "orch"))
        let second = try await next
        #expect(second.lines == ["started \(try #require(child.pid))"])
        #expect(second.next == LogCursor(log: first.next.log, lines: first.next.lines + 1))
        let none = SupervisorLogs(name: "orch", after: second.next, waitMs: WaitTime(clamping: 20))
        #expect(
            try await client.call(none)
                == SupervisorLogs.Response(lines: [], next: second.next, missed: 0, wasRestarted: false))
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

    @Test("at SIGHUP the gateway hands over to a new process, unchanged agents work on, and systemd is told")
    func reload() async throws {
        let supervisor = try await ready()
        let before = try await supervisor.client.call(SupervisorStatus()).children
        let old = try #require(before.last?.pid)
        supervisor.process.signal(SIGHUP)
        try await eventually("READY=1 again") {
            supervisor.notifications().filter { $0 == "READY=1" }.count == 2
        }
        let told = supervisor.notifications()
        let reloading = try #require(told.firstIndex(of: "RELOADING=1"))
        #expect(told[reloading + 1].hasPrefix("MONOTONIC_USEC="))
        let after = try await supervisor.client.call(SupervisorStatus()).children
        #expect(after.map(\.state) == [.running, .running, .running])
        #expect(after.last?.pid != old)
        #expect(after.prefix(2).map(\.pid) == before.prefix(2).map(\.pid))
        try await eventually("the old gateway is gone") {
            !ProcessTable.all().contains { $0.pid == old && $0.isAlive }
        }
    }

    @Test("a configuration that is not understood is told, and nothing is restarted for it")
    func spoiltReload() async throws {
        let supervisor = try await ready()
        let before = try await pids(of: supervisor)
        try supervisor.configure(#"{"listen": 1}"#)
        supervisor.process.signal(SIGHUP)
        try await eventually("it is told") {
            supervisor.notifications().contains {
                $0.hasPrefix("STATUS=") && $0.contains("; not reloaded: The configuration")
            }
        }
        try await eventually("READY=1 again") {
            supervisor.notifications().filter { $0 == "READY=1" }.count == 2
        }
        #expect(try await pids(of: supervisor) == before)
        try supervisor.configure(#"{"listen": "127.0.0.1:0", "image_pull": false}"#)
        supervisor.process.signal(SIGHUP)
        try await eventually("all run on with the new one") {
            let now = try await pids(of: supervisor)
            return now.count == 3 && Set(now).isDisjoint(with: before)
        }
    }

    @Test("sockets that systemd has kept are served on, with the clients that wait in them")
    func keptSockets() async throws {
        let page = try RunningSupervisor.listener()
        defer { close(page) }
        // Nobody serves it yet, and nobody is refused.
        let waiting = try RunningSupervisor.connect(to: page)
        defer { close(waiting) }
        let supervisor = try RunningSupervisor(page: page)
        let answer = try supervisor.exchange(waiting, "")
        #expect(try await supervisor.child("gateway").pid == answer.flatMap { Int($0) })
        let told = supervisor.notifications()
        #expect(told.filter { $0.hasPrefix("FDNAME=") } == ["FDNAME=bootstrap", "FDNAME=orch", "FDNAME=supervisor"])
        #expect(!told.contains("FDSTOREREMOVE=1"))
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
