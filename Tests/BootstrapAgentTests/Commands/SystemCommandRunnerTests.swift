import Glibc
import Testing

@testable import bootstrap_agent

@Suite struct SystemCommandRunnerTests {
    private let runner = SystemCommandRunner(mark: "test:\(getpid())")

    private func command(
        _ program: String, _ arguments: String..., limit: Duration = .seconds(20), input: String? = nil
    ) -> Command {
        Command(program: program, arguments: arguments, limit: limit, input: input.map { Array($0.utf8) })
    }

    @Test("gives output, lines and exit code; arguments are never words of a shell") func output() async throws {
        let lines = Shared<[String]>([])
        let result = try await runner.run(command("/usr/bin/printf", "%s\\n", "a b; $(id) *", "c")) { line in
            lines.change { $0.append(line) }
        }
        #expect(result == CommandResult(exitCode: 0, output: "a b; $(id) *\nc\n", errorOutput: ""))
        #expect(lines.change { $0 } == ["a b; $(id) *", "c"])
    }

    @Test("gives the standard error and a failing exit code") func failing() async throws {
        let result = try await runner.run(command("/usr/bin/ls", "/nonexistent"))
        #expect(result.exitCode == 2 && result.output.isEmpty && result.errorOutput.contains("/nonexistent"))
    }

    @Test("hands over the standard input, and an end of it where there is none") func input() async throws {
        #expect(try await runner.run(command("/usr/bin/cat", input: "secret")).output == "secret")
        #expect(try await runner.run(command("/usr/bin/cat")).output == "")
    }

    @Test("has a fixed environment") func environment() async throws {
        let lines = try await runner.run(command("/usr/bin/env")).output.split(separator: "\n").map {
            $0.prefix { $0 != "=" }
        }
        #expect(Set(lines) == ["PATH", "HOME", "LC_ALL", "AQUARIUM_STARTED_BY"])
    }

    @Test("kills the program with its children at the limit") func limit() async throws {
        let slow = command("/usr/bin/setpriv", "--reuid", "0", "/usr/bin/sleep", "100", limit: .milliseconds(100))
        await #expect(throws: CommandFailure(command: slow, reason: .timedOut)) { try await runner.run(slow) }
    }

    @Test("kills the program when nobody waits for it any more") func cancelled() async throws {
        let slow = command("/usr/bin/sleep", "100")
        let task = Task { try await runner.run(slow) }
        task.cancel()
        await #expect(throws: CommandFailure(command: slow, reason: .cancelled)) { try await task.value }
    }

    @Test("says so when there is no such program") func missing() async throws {
        let missing = command("/nonexistent/program")
        await #expect(throws: CommandFailure(command: missing, reason: .notStarted(errno: ENOENT))) {
            try await runner.run(missing)
        }
    }

    @Test("stops a program that writes without end") func endless() async throws {
        let endless = command("/usr/bin/yes")
        await #expect(throws: CommandFailure(command: endless, reason: .outputTooLong)) {
            try await runner.run(endless)
        }
    }

    @Test("ends the programs that a predecessor has left") func leftovers() async throws {
        let other = SystemCommandRunner(mark: "leftover:\(getpid())")
        let slow = command("/usr/bin/sleep", "100")
        let begun = Task { try await other.run(slow) }
        var tries = 0
        while Leftovers.marked(other.mark).isEmpty, tries < 1000 {
            tries += 1
            await Task.yield()
        }
        #expect(await Leftovers.end(mark: other.mark) == [])
        #expect(try await begun.value.exitCode == 128 + SIGKILL)
        #expect(Leftovers.marked(other.mark).isEmpty)
    }
}
