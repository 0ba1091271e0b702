import IPC
import Testing

@testable import aquariumctl

@Suite struct LogsCommandTests {
    @Test("the last lines of a child, which goes by its program's name, too", arguments: ["orch", "orch-agent"])
    func last(child: String) async throws {
        try await withLibrary { folder in
            let run = await Run("logs \(child) -n 2 --run-dir \(folder)")
            #expect(run.code == 0)
            #expect(run.out == "one\ntwo\n")
        }
    }

    @Test("with -f it goes on after the last line, also when the supervisor was away, and tells what it has missed")
    func follow() async throws {
        try await withLibrary { folder in
            let run = await Run("logs -f orch --run-dir \(folder)")
            #expect(run.out == "one\ntwo\nafter 2, at most 20000 ms\nafter the restart\n")
            #expect(
                run.err.hasPrefix(
                    """
                    (5 lines were gone before they could be shown)
                    (the supervisor has gone away; waiting for it)
                    (the supervisor is back)
                    (the supervisor was started again: lines of before that may be missing)

                    """))
            #expect(run.err.contains("The end of the log."))
            #expect(run.code == 1)
        }
    }

    @Test("with -f it waits for a supervisor that is away for as long as it is told to, and no longer")
    func away() async throws {
        let console = Captured()
        let reader = LogReader(
            node: Node(runDirectory: "/nonexistent"), child: "orch", console: .captured(Captured(), console),
            asTheyAre: false)
        let failure = await #expect(throws: Failure.self) { try await reader.after(.example, for: .milliseconds(300)) }
        #expect(failure?.problem.kind == .agentUnavailable)
        #expect(console.text == "(the supervisor has gone away; waiting for it)\n")
    }

    @Test("a wrong number of lines is a usage error", arguments: ["0", "1001", "x"])
    func lines(number: String) async {
        let run = await Run("logs orch -n \(number)")
        #expect(run.code == 2)
    }
}
