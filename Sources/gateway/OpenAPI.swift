import IPC
import NIOCore
import NIOHTTP1

/// The API as an OpenAPI 3.1 document, from the same declarations that the routes come from.
enum OpenAPI {
    static func handler(_ contracts: [ContractDescription]) -> Route.Handler {
        let cached = Cached { ByteBuffer(bytes: document(contracts).bytes) }
        return { _, exchange in exchange.loop.makeSucceededFuture(Response(json: cached.value)) }
    }

    static func document(_ contracts: [ContractDescription]) -> JSON {
        var names = SchemaNames()
        let routed = contracts.flatMap { contract in
            contract.operations.filter { $0.about.route != nil }.map { (agent: contract.name, operation: $0) }
        }
        for (_, operation) in routed { add(operation, to: &names) }
        let operations = routed.map { agent, operation in path(operation, agent, names) } + [events, ownDocument]
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Aquarium", "version": .string(Version.current),
                "summary": "From a bare machine to a Ceph cluster.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "tags": .array(contracts.map { ["name": .string($0.name)] } + [["name": "gateway"]]),
            "paths": paths(operations),
            "components": ["schemas": .object(names.components + [("Problem", problem)])],
        ]
    }

    private typealias Path = (path: String, verb: String, item: JSON)

    private static func add<O: Operation>(_ operation: O.Type, to names: inout SchemaNames) {
        names.add(operation)
        names.add(O.Response.self)
    }

    /// Operations on the same path stand together.
    private static func paths(_ operations: [Path]) -> JSON {
        let paths = operations.map(\.path).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return .object(
            paths.map { path in (path, .object(operations.filter { $0.path == path }.map { ($0.verb, $0.item) })) })
    }

    // MARK: one operation

    private static func path<O: Operation>(_ operation: O.Type, _ agent: String, _ names: SchemaNames) -> Path {
        let about = operation.about
        let verb = about.route!.verb
        var responses = ["200": answer("application/json", names.reference(to: O.Response.self))]
        for (status, kinds) in Dictionary(grouping: kinds(about), by: \.status.code) {
            responses[String(status)] = refusal(kinds)
        }
        let item = JSON.object([
            ("operationId", .string(about.method)), ("summary", .string(about.summary)), ("tags", [.string(agent)]),
            ("parameters", .array(parameters(operation, names))),
            ("requestBody", verb == .post ? .some(body(operation, names)) : .none),
            ("responses", .object(responses.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })),
            ("x-role", .string(about.role.rawValue)), ("x-effect", .string(about.effect.rawValue)),
        ])
        return (about.route!.path, verb.rawValue.lowercased(), item)
    }

    private static func parameters<O: Operation>(_ operation: O.Type, _ names: SchemaNames) -> [JSON] {
        var parameters: [JSON] = []
        if operation.about.route?.verb == .get, case .object(let properties) = Schema.of(operation) {
            parameters = properties.map { property in
                [
                    "name": .string(property.name), "in": "query", "required": .bool(property.isRequired),
                    "schema": property.schema.document,
                ]
            }
        }
        if operation.about.effect == .change {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same key never carries a change out twice: a lost answer can be asked for again.",
                "schema": OperationKey.schema.document,
            ])
        }
        return parameters
    }

    private static func body<O: Operation>(_ operation: O.Type, _ names: SchemaNames) -> JSON {
        // Also where there are no parameters: its content type is what other sites' forms can't send.
        ["required": true, "content": ["application/json": ["schema": names.reference(to: operation)]]]
    }

    /// Its own kinds of problem, and those that any call can meet.
    private static func kinds(_ about: About) -> [Problem.Kind] {
        let general: [Problem.Kind] = [
            .requestInvalid, .paramsInvalid, .forbidden, .bug, .busy, .agentUnavailable, .deadline,
        ]
        let withBody: [Problem.Kind] = [.parse, .requestTooLarge, .contentTypeUnsupported]
        return about.errors + general + (about.route?.verb == .post ? withBody : [])
    }

    private static func answer(_ type: String, _ schema: JSON, _ description: String = "Done.") -> JSON {
        .object([("description", .string(description)), ("content", .object([(type, ["schema": schema] as JSON)]))])
    }

    private static func refusal(_ kinds: [Problem.Kind]) -> JSON {
        let names = kinds.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        return answer("application/problem+json", ["$ref": "#/components/schemas/Problem"], names)
    }

    // MARK: what the gateway answers itself

    private static let events: Path = (
        "/api/events", "get",
        [
            "operationId": "events", "tags": ["gateway"],
            "summary": "Follows the bootstrap and the cluster's status, as server-sent events.",
            "description": """
            `event: bootstrap` carries what bootstrap.status answers; `event: cluster` carries \
            `{"status": …}` with what cluster.status answers, or `{"problem": …}`; `event: problem` carries \
            `{"topic": "bootstrap", "problem": …}` when the bootstrap's state can't be told. Each comes at once \
            and then whenever it has changed. A comment comes every 10 seconds.
            """,
            "responses": [
                "200": answer("text/event-stream", [:]), "503": refusal([.busy, .agentUnavailable]),
            ],
        ]
    )

    private static let ownDocument: Path = (
        "/api/openapi.json", "get",
        [
            "operationId": "openapi", "tags": ["gateway"], "summary": "Gives this document.",
            "responses": ["200": answer("application/json", ["type": "object"])],
        ]
    )

    /// RFC 9457, with the members of a `Problem`.
    private static let problem: JSON = [
        "type": "object",
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
            "detail": ["type": "string", "description": "What happened and why, for a person."],
            "kind": ["type": "string", "description": "What a program should look at; new kinds may come."],
            "hint": ["type": "string", "description": "What to do about it."],
            "retryable": ["type": "boolean", "description": "Whether the same may succeed later by itself."],
            "pointer": ["type": "string", "description": "JSON pointer to the parameter to blame."],
            "incident": ["type": "string", "description": "The id under which the log has the details."],
        ],
        "required": ["type", "title", "status", "detail", "kind", "retryable"],
    ]
}
