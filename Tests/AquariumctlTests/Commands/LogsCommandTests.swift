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

    @Test("with -f it goes on after the last line, and tells what it has missed")
    func follow() async throws {
        try await withLibrary { folder in
            let run = await Run("logs -f orch --run-dir \(folder)")
            #expect(run.out == "one\ntwo\nafter 2, at most 20000 ms\n")
            #expect(run.err.hasPrefix("(5 lines were gone before they could be shown)\n"))
            #expect(run.err.contains("The end of the log."))
            #expect(run.code == 1)
        }
    }

    @Test("a wrong number of lines is a usage error", arguments: ["0", "1001", "x"])
    func lines(number: String) async {
        let run = await Run("logs orch -n \(number)")
        #expect(run.code == 2)
    }
}
