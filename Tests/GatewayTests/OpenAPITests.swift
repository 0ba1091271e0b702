import IPC
import NIOHTTP1
import Testing

@testable import gateway

@Suite struct OpenAPITests {
    private let document = OpenAPI.document(Contracts.all)

    @Test("every route is there with its method as operationId, its answer and its problems")
    func routes() throws {
        for about in Contracts.all.flatMap({ $0.operations }).map({ $0.about }) {
            guard let route = about.route else { continue }
            let item = try #require(document["paths"]?[route.path]?[route.verb.rawValue.lowercased()])
            #expect(item["operationId"] == .string(about.method))
            #expect(item["responses"]?["200"] != nil)
            for kind in about.errors { #expect(item["responses"]?["\(kind.status.code)"] != nil) }
            #expect(item["requestBody"]?["required"] == (route.verb == .post ? true : nil))
        }
    }

    @Test("methods without a route are not in it")
    func unrouted() {
        let text = String(decoding: document.bytes, as: UTF8.self)
        #expect(!text.contains("supervisor.restart"))
    }

    @Test("no problem is promised that nothing produces yet")
    func unproduced() {
        #expect(!String(decoding: document.bytes, as: UTF8.self).contains(Problem.Kind.agentCrashLoop.rawValue))
    }

    @Test("every reference leads somewhere")
    func references() {
        let text = String(decoding: document.bytes, as: UTF8.self)
        let names = text.split(separator: "\"#/components/schemas/").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(!names.isEmpty)
        for name in names { #expect(document["components"]?["schemas"]?[String(name)] != nil, "\(name)") }
    }

    @Test("schemas have the names of the Swift types")
    func names() {
        let schemas = document["components"]?["schemas"]
        for name in ["Requirements", "Disk", "BootstrapChoices", "BootstrapStateStatus", "ClusterStatusResponse"] {
            #expect(schemas?[name] != nil, "\(name)")
        }
        #expect(
            schemas?["BootstrapState"]?["properties"]?["choices"] == ["$ref": "#/components/schemas/BootstrapChoices"])
    }

    @Test("changes take an Idempotency-Key, reads take their parameters from the query")
    func parameters() {
        let start = document["paths"]?["/api/bootstrap/start"]?["post"]?["parameters"]
        guard case .array(let headers)? = start else { return #expect(Bool(false)) }
        #expect(headers.map { $0["name"] } == ["Idempotency-Key"])
        guard case .array(let query)? = document["paths"]?["/api/cluster/log"]?["get"]?["parameters"] else {
            return #expect(Bool(false))
        }
        #expect(query.map { $0["name"] } == ["lines"])
    }
}
