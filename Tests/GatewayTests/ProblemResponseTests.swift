import IPC
import NIOHTTP1
import Testing

@testable import gateway

@Suite struct ProblemResponseTests {
    @Test("every kind is an error to HTTP", arguments: Problem.Kind.allCases)
    func total(_ kind: Problem.Kind) {
        #expect((400..<600).contains(kind.status.code))
    }

    @Test(
        "kinds become the statuses that a client expects",
        arguments: [
            (.paramsInvalid, 400), (.parse, 400), (.forbidden, 403), (.routeUnknown, 404), (.clusterAbsent, 409),
            (.bootstrapRunning, 409), (.opConflict, 409), (.requestTooLarge, 413), (.contentTypeUnsupported, 415),
            (.bug, 500), (.busy, 503), (.agentUnavailable, 503), (.mgrUnavailable, 503), (.deadline, 504),
        ] as [(Problem.Kind, Int)])
    func statuses(_ kind: Problem.Kind, _ status: Int) {
        #expect(kind.status.code == status)
    }

    @Test("the document has RFC 9457's members and the problem's own, and none that are empty")
    func document() {
        let problem = Problem(.diskMoved, "It moved.", hint: "Look again.", pointer: "/choices/disks/0")
        #expect(
            problem.document(.conflict) == [
                "type": "about:blank", "title": "Conflict", "status": 409, "detail": "It moved.", "kind": "disk.moved",
                "hint": "Look again.", "retryable": false, "pointer": "/choices/disks/0",
            ])
    }

    @Test("what may work later says when to come back")
    func retryAfter() {
        #expect(Problem(.agentUnavailable, "Gone.").response.headers.first(name: "Retry-After") == "1")
        #expect(Problem(.bug, "Oh.").response.headers.first(name: "Retry-After") == nil)
    }
}
