import Glibc
import IPC
import Testing

@testable import orch_agent

@Suite struct OrchFailureTests {
    private func problem(_ failure: OrchFailure) throws -> Problem {
        try #require(failure.atTheEdge as? Problem)
    }

    @Test(
        "What librados says on connecting decides what a person should look at",
        arguments: [
            (ETIMEDOUT, Problem.Kind.clusterUnreachable, "monitor"), (EACCES, .clusterRefused, "client.aquarium"),
            (EIO, .clusterUnreachable, "keyring"), (EINVAL, .clusterUnreachable, "ceph.conf"),
        ])
    func connecting(code: CInt, kind: Problem.Kind, word: String) throws {
        let problem = try problem(.notConnected(RadosError(call: "rados_connect", code: code, text: "")))
        #expect(problem.kind == kind)
        #expect(problem.hint?.contains(word) == true)
    }

    @Test("Silence is told by who is silent and for how long")
    func silence() throws {
        #expect(
            try problem(.silent(.mon, for: .seconds(5))).message == "The monitors have not answered for 5 s.")
        #expect(try problem(.silent(.mon, for: .seconds(5))).kind == .clusterUnreachable)
        #expect(try problem(.stuck(.mgr, calls: 8)).kind == .mgrUnavailable)
        #expect(try problem(.noThread).kind == .busy)
    }

    @Test("An output that is not understood is no problem of the caller: it stays a bug, for the log")
    func notUnderstood() {
        let failure = OrchFailure.notUnderstood(command: "status", detail: "x")
        #expect(failure.atTheEdge as? OrchFailure == failure)
    }
}
