import IPC
import Testing

@testable import aquariumctl

@Suite struct FactsTests {
    private func facts(_ status: BootstrapState.Status, health: Health.Status? = nil) -> Facts {
        var bootstrap = Schema.example(of: BootstrapState.self)
        (bootstrap.status, bootstrap.error, bootstrap.activity) = (status, nil, nil)
        var cluster = Schema.example(of: ClusterStatus.Response.self)
        if let health { cluster.health = Health(status: health, summary: "A sentence.", checks: []) }
        let absent = Problem(.clusterAbsent, "There is no cluster.")
        return Facts(
            processes: .success(Schema.example(of: SupervisorStatus.Response.self)), bootstrap: .success(bootstrap),
            cluster: health == nil ? .failure(absent) : .success(cluster))
    }

    @Test("at first everything is news")
    func first() {
        #expect(
            facts(.none).changes(since: nil) == [
                "process text: stopped, 1 restart, text", "bootstrap: none", "cluster: There is no cluster.",
            ])
    }

    @Test("later only what has changed, and what is no more")
    func changes() {
        let running = facts(.running)
        #expect(running.changes(since: running) == [])
        let changes = facts(.done, health: .ok).changes(since: running)
        #expect(changes.contains("bootstrap: done"))
        #expect(changes.contains("cluster: ok: A sentence."))
        #expect(changes.contains("phase prepare: no more"))
        #expect(!changes.contains { $0.hasPrefix("process") })
    }

    @Test("no line of the screen is wider than the terminal")
    func screen() {
        let wide = Facts(
            processes: .failure(Problem(.busy, String(repeating: "x", count: 300))),
            bootstrap: .failure(.cancelled), cluster: .failure(.cancelled))
        #expect(wide.screen(.plain()).allSatisfy { $0.count <= 80 })
    }

    @Test("the screen is drawn over what was there, and the terminal is as before in the end")
    func terminal() throws {
        let out = Captured()
        let screen = Screen(.captured(out, Captured(), terminal: true))
        try screen.show(facts(.none), before: nil)
        screen.end()
        #expect(out.text.hasPrefix("\u{1b}[?1049h\u{1b}[?25l\u{1b}[Haquarium  "))
        #expect(out.text.contains("\u{1b}[1mbootstrap\u{1b}[0m     none\u{1b}[K\r\n"))
        #expect(out.text.hasSuffix("\u{1b}[J\u{1b}[?25h\u{1b}[?1049l"))
    }

    @Test("watching what is not there fails at once, with what to do")
    func unreachable() async {
        let run = await Run("watch --run-dir /nonexistent")
        #expect(run.code == 1)
        #expect(run.err.contains("There is no socket /nonexistent/"))
    }
}
