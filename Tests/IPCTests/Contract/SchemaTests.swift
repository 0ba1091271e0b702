import FoundationEssentials
import Testing

@testable import IPC

@Suite struct SchemaTests {
    @Test("every declared operation has a schema, and its example fits it and decodes")
    func everyOperation() throws {
        for operation in Contracts.all.flatMap(\.operations) { try check(operation) }
    }

    private func check<O: Operation>(_ operation: O.Type) throws {
        let (schema, example) = SchemaReader.read(operation)
        let params = try JSONText.parse(WireCoding.encode(example))
        _ = try ParameterDecoder.decode(operation, from: params, schema: schema)
        let (resultSchema, result) = SchemaReader.read(O.Response.self)
        try resultSchema.check(JSONText.parse(WireCoding.encode(result)), at: "")
    }

    @Test("methods and routes are unique, methods are noun.verb, summaries are sentences")
    func declarations() {
        let about = Contracts.all.flatMap(\.operations).map { $0.about }
        #expect(Set(about.map(\.method)).count == about.count)
        let routes = about.compactMap(\.route)
        #expect(Set(routes).count == routes.count)
        for item in about {
            #expect(item.method.split(separator: ".").count == 2)
            #expect(item.summary.hasSuffix("."))
        }
    }

    private struct Sample: Codable {
        struct Inner: Codable { var sizeBytes: Int64 }
        var name: HostName
        var items: [Inner]
        var table: [String: Int]
        var level: Verdict?
    }

    @Test("a schema is read off the type")
    func derived() {
        #expect(
            Schema.of(Sample.self)
                == .object([
                    .init(name: "name", schema: HostName.schema, isRequired: true),
                    .init(
                        name: "items",
                        schema: .array(.object([.init(name: "size_bytes", schema: .integer(), isRequired: true)])),
                        isRequired: true),
                    .init(name: "table", schema: .map(.integer()), isRequired: true),
                    .init(name: "level", schema: Verdict.schema, isRequired: false),
                ]))
    }

    @Test(
        "what does not fit is refused with its place",
        arguments: [
            (#"{"items":[],"table":{}}"#, "/name"), (#"{"name":"a","items":{},"table":{}}"#, "/items"),
            (#"{"name":"a","items":[{"size_bytes":1},{"size_bytes":"1"}],"table":{}}"#, "/items/1/size_bytes"),
            (#"{"name":"a","items":[],"table":{"x/y":true}}"#, "/table/x~1y"),
            (#"{"name":"a","items":[],"table":{},"level":"bad"}"#, "/level"),
            (#"{"name":"a","items":[],"table":{},"extra":1}"#, "/extra"),
            (#"{"name":"\#(String(repeating: "a", count: 64))","items":[],"table":{}}"#, "/name"), (#"[]"#, ""),
        ])
    func refused(text: String, pointer: String) throws {
        let params = try JSONText.parse(Array(text.utf8))
        do {
            try Schema.of(Sample.self).check(params, at: "")
            Issue.record("accepted")
        } catch let problem as Problem {
            #expect(problem.pointer == pointer)
            #expect(problem.kind == .paramsInvalid)
        }
    }

    @Test("a value type's own refusal carries its place too")
    func valueRefused() throws {
        let params = try JSONText.parse(
            Array(
                #"{"choices":{"hostname":"a.b","address":"10.0.0.1","disks":[]}}"#.utf8))
        do {
            _ = try ParameterDecoder.decode(BootstrapPlan.self, from: params, schema: Schema.of(BootstrapPlan.self))
            Issue.record("accepted")
        } catch let problem as Problem {
            #expect(problem.pointer == "/choices/hostname")
            #expect(problem.message.contains("full domain name"))
        }
    }

    @Test("names are converted as the encoder converts them")
    func snakeCase() throws {
        struct Names: Codable { var sizeBytes = 1, isInUse = 2, plain = 3, readOpsPerSecond = 4 }
        let names = try JSONText.parse(WireCoding.encode(Names()))
        for name in ["sizeBytes", "isInUse", "plain", "readOpsPerSecond"] {
            #expect(names[WireCoding.snakeCase(name)] != nil)
        }
    }
}
