/// The JSON Schema (2020-12) of a value, derived from its Swift type.
public indirect enum Schema: Sendable, Equatable {
    case boolean
    case integer(minimum: Int64? = nil, maximum: Int64? = nil)
    case number
    /// In one of `formats`, if any are given.
    case string(pattern: String? = nil, formats: [String] = [], oneOf: [String]? = nil, maxLength: Int? = nil)
    case array(Schema)
    case map(Schema)
    case object([Property])
    /// Any JSON value.
    case any

    public struct Property: Sendable, Equatable {
        public let name: String
        public let schema: Schema
        public let isRequired: Bool
    }

    /// - Precondition: every leaf of `type` is a standard type or `Described`; a test derives every declared one.
    public static func of<T: Decodable>(_ type: T.Type) -> Schema {
        SchemaReader.read(type).schema
    }

    /// One whole value of a type, with every optional member there and one item in every array.
    /// - Precondition: as for `of`.
    public static func example<T: Decodable>(of type: T.Type) -> T {
        SchemaReader.read(type).example
    }

    /// As JSON Schema.
    public var document: JSON {
        switch self {
        case .boolean: ["type": "boolean"]
        case .integer(let minimum, let maximum):
            .object([
                ("type", "integer"), ("format", minimum == nil || maximum == nil ? "int64" : nil),
                ("minimum", minimum.map(JSON.integer)), ("maximum", maximum.map(JSON.integer)),
            ])
        case .number: ["type": "number"]
        case .string(let pattern, let formats, let oneOf, let maxLength):
            .object([
                ("type", "string"), ("format", formats.count == 1 ? .string(formats[0]) : nil),
                ("anyOf", formats.count > 1 ? .array(formats.map { ["format": .string($0)] }) : nil),
                ("pattern", pattern.map(JSON.string)), ("enum", oneOf.map { .array($0.map(JSON.string)) }),
                ("maxLength", maxLength.map { .integer(Int64($0)) }),
            ])
        case .array(let item): ["type": "array", "items": item.document]
        case .map(let value): ["type": "object", "additionalProperties": value.document]
        case .object(let properties): Self.document(properties)
        case .any: [:]
        }
    }

    private static func document(_ properties: [Property]) -> JSON {
        let required = properties.filter(\.isRequired).map { JSON.string($0.name) }
        return .object([
            ("type", "object"),
            ("properties", .object(properties.map { ($0.name, $0.schema.document) })),
            ("required", required.isEmpty ? nil : .array(required)),
            ("additionalProperties", false),
        ])
    }
}

/// A type that states its own schema, because its encoding can't be read off its members, and one valid value of it.
public protocol Described: Codable {
    static var schema: Schema { get }
    static var example: Self { get }
}

extension Described where Self: RawRepresentable & CaseIterable, RawValue == String {
    public static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    public static var example: Self { allCases[allCases.startIndex] }
}
