import Glibc
import Testing

@testable import bootstrap_agent

@Suite struct CephadmFailureTests {
    private static let command = Command(
        program: "/usr/sbin/cephadm", arguments: ["a", "b", "c", "d"], limit: .seconds(9))

    @Test("quotes the error where it knows no better") func unknown() {
        let result = CommandResult(exitCode: 1, output: "one\n", errorOutput: "Trace\nERROR: the moon is full\nbye\n")
        let failure = CephadmFailure.explain(result, of: Self.command)
        #expect(failure.message == "cephadm failed with exit code 1. It said: ERROR: the moon is full")
    }

    @Test("says so when there is nothing to quote") func silent() {
        let failure = CephadmFailure.explain(
            CommandResult(exitCode: 137, output: "", errorOutput: ""), of: Self.command)
        #expect(failure.message == "cephadm failed with exit code 137.")
    }

    @Test("says why a program did not run to its end")
    func notEnded() {
        func words(_ reason: CommandFailure.Reason) -> String {
            StepFailure(CommandFailure(command: Self.command, reason: reason)).message
        }
        #expect(words(.timedOut) == "/usr/sbin/cephadm a b c … did not end within 9 s and was stopped.")
        #expect(
            words(.notStarted(errno: ENOENT)) == "/usr/sbin/cephadm could not be started: No such file or directory.")
    }
}
