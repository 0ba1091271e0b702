import IPC
import Testing

@testable import gateway

@Suite struct QueryParametersTests {
    private struct Params: Codable {
        var lines: Int?
        var all: Bool?
        var ratio: Double?
        var name: String?
        var tags: [String]?
    }

    private func json(_ query: String?) throws(Problem) -> JSON? {
        try QueryParameters.json(of: query, schema: Schema.of(Params.self))
    }

    @Test("each text becomes what the schema says")
    func types() throws {
        #expect(
            try json("lines=5&all=true&ratio=0.5&name=a%20b+c%2B&tags=x&tags=y")
                == ["lines": 5, "all": true, "ratio": 0.5, "name": "a b c+", "tags": ["x", "y"]])
    }

    @Test("no query is no parameters")
    func none() throws {
        #expect(try json("") == nil)
        #expect(try json(nil) == nil)
    }

    @Test("what is not of the type, or not known, stays for the agent to refuse")
    func kept() throws {
        #expect(try json("lines=many&all=1&other=2") == ["lines": "many", "all": "1", "other": "2"])
    }

    @Test("a number stays text where text is wanted")
    func text() throws {
        #expect(try json("name=5") == ["name": "5"])
    }

    @Test("what is not percent-encoded UTF-8 is refused", arguments: ["name=%", "name=%zz", "name=%ff", "=5", "name=é"])
    func malformed(_ query: String) {
        #expect { try json(query) } throws: { ($0 as? Problem)?.kind == .paramsInvalid }
    }

    @Test("a parameter that stands twice is refused")
    func twice() {
        #expect { try json("lines=1&lines=2") } throws: { ($0 as? Problem)?.pointer == "/lines" }
    }
}
