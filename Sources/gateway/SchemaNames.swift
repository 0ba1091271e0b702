import IPC

/// The Swift names of the schemas that appear in the API. A `Schema` has the shape of a type only, so the types are
/// met again by walking through an example of each.
struct SchemaNames {
    private(set) var schemas: [(name: String, schema: Schema)] = []

    mutating func add<T: Decodable>(_ type: T.Type) {
        visit(Schema.example(of: type))
        schemas.sort { $0.name < $1.name }
    }

    /// `IPC.ClusterStatus.Response` → `ClusterStatusResponse`.
    static func name(of type: any Any.Type) -> String {
        String(reflecting: type).split(separator: ".").dropFirst().joined()
    }

    /// The definitions, which refer to each other.
    var components: [(String, JSON?)] {
        schemas.map { ($0.name, definition($0.schema)) }
    }

    /// A type by its name; what has none stands in full.
    func reference(to type: any Decodable.Type) -> JSON {
        let name = Self.name(of: type)
        return schemas.contains { $0.name == name } ? reference(named: name) : Schema.of(type).document
    }

    // MARK: parts

    private mutating func visit(_ value: Any) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .struct, .enum, .class: if let type = type(of: value) as? any Decodable.Type { note(type) }
        default: break
        }
        guard !(value is any Described) else { return }
        for child in mirror.children { visit(child.value) }
    }

    private mutating func note(_ type: any Decodable.Type) {
        let (name, schema) = (Self.name(of: type), Schema.of(type))
        guard schema.deservesName, !schemas.contains(where: { $0.name == name }) else { return }
        schemas.append((name, schema))
    }

    private func reference(named name: String) -> JSON {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    private func reference(_ schema: Schema) -> JSON {
        switch schema {
        case .array(let item): ["type": "array", "items": reference(item)]
        case .map(let value): ["type": "object", "additionalProperties": reference(value)]
        case .object, .string:
            schemas.first { $0.schema == schema }.map { reference(named: $0.name) } ?? definition(schema)
        case .boolean, .integer, .number, .any: schema.document
        }
    }

    private func definition(_ schema: Schema) -> JSON {
        guard case .object(let properties) = schema else { return schema.document }
        return .object([
            ("type", "object"),
            ("properties", .object(properties.map { ($0.name, reference($0.schema)) })),
            ("required", .array(properties.filter(\.isRequired).map { .string($0.name) })),
            ("additionalProperties", false),
        ])
    }
}

extension Schema {
    /// Objects that have members, and enumerations.
    fileprivate var deservesName: Bool {
        switch self {
        case .object(let properties): !properties.isEmpty
        case .string(_, _, let oneOf, _): oneOf != nil
        case .boolean, .integer, .number, .array, .map, .any: false
        }
    }
}
