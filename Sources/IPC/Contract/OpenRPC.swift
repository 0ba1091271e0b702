/// The OpenRPC document of a contract (https://spec.open-rpc.org, 1.3.2), for `rpc.discover`.
enum OpenRPC {
    static func document(_ contract: ContractDescription) -> JSON {
        [
            "openrpc": "1.3.2",
            "info": ["title": .string("aquarium \(contract.name)"), "version": .string(Version.current)],
            "methods": .array(contract.operations.map { method($0) }),
        ]
    }

    private static func method<O: Operation>(_ operation: O.Type) -> JSON {
        let about = operation.about
        guard case .object(let properties) = Schema.of(operation) else { return [:] }
        return .object([
            ("name", .string(about.method)),
            ("summary", .string(about.summary)),
            ("paramStructure", "by-name"),
            ("params", .array(properties.map(parameter))),
            ("result", ["name": "result", "schema": Schema.of(O.Response.self).document]),
            ("errors", .array(about.errors.map(error))),
            ("examples", .array([example(operation)])),
            ("x-role", .string(about.role.rawValue)),
            ("x-effect", .string(about.effect.rawValue)),
            ("x-detached", about.effect == .change ? .bool(about.isDetached) : nil),
        ])
    }

    private static func parameter(_ property: Schema.Property) -> JSON {
        ["name": .string(property.name), "required": .bool(property.isRequired), "schema": property.schema.document]
    }

    private static func error(_ kind: Problem.Kind) -> JSON {
        ["code": .integer(Int64(kind.code)), "message": .string(kind.rawValue)]
    }

    /// A call that can be pasted as a line, and a result of the right shape.
    private static func example<O: Operation>(_ operation: O.Type) -> JSON {
        let params = members(of: SchemaReader.read(operation).example)
        let result = members(of: SchemaReader.read(O.Response.self).example)
        return [
            "name": .string(operation.about.method),
            "params": .array(params.map { ["name": .string($0.name), "value": $0.value] }),
            "result": ["name": "result", "value": .members(result)],
        ]
    }

    private static func members(of value: some Encodable) -> [JSON.Member] {
        guard let bytes = try? WireCoding.encode(value), case .members(let members)? = try? JSONText.parse(bytes) else {
            return []
        }
        return members
    }
}

public enum Version {
    public static let current = "0.1.0"
}
