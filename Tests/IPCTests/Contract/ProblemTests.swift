import Testing

@testable import IPC

@Suite struct ProblemTests {
    @Test("kinds and codes are unique")
    func unique() {
        #expect(Set(Problem.Kind.allCases.map(\.rawValue)).count == Problem.Kind.allCases.count)
        #expect(Set(Problem.Kind.allCases.map(\.code)).count == Problem.Kind.allCases.count)
    }

    @Test("a problem survives the wire")
    func roundTrip() throws {
        let problem = Problem(.diskMoved, "It moved.", hint: "Look.", pointer: "/disks/0", incident: "x1")
        #expect(try WireCoding.decode(Problem.self, from: problem.json.bytes) == problem)
        #expect(try JSONText.parse(WireCoding.encode(problem))["code"] == problem.json["code"])
    }

    @Test("a kind of a newer peer, and an error without data, are still problems")
    func unknown() throws {
        let newer = #"{"code":-32077,"message":"New.","data":{"kind":"new.kind","retryable":true}}"#
        #expect(try WireCoding.decode(Problem.self, from: newer.utf8).kind == .unknown)
        let foreign = #"{"code":-32601,"message":"Method not found"}"#
        #expect(try WireCoding.decode(Problem.self, from: foreign.utf8).kind == .methodUnknown)
    }
}
