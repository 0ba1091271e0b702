import IPC

/// A schema in words, for help and manual.
enum SchemaWords {
    static func help(_ property: Schema.Property) -> String {
        let (schema, isList) = item(of: property.schema)
        let words = schema.isScalar ? scalar(schema) : "JSON, @FILE, or - for stdin: \(shape(schema))"
        let need = property.isRequired ? "Required" : "Optional"
        return need + (isList ? ", may be repeated" : "") + ": " + words + "."
    }

    static func valueName(_ property: Schema.Property) -> String {
        let (schema, _) = item(of: property.schema)
        return switch schema {
        case .boolean: "true|false"
        case .integer: "integer"
        case .number: "number"
        case .string: "text"
        case .array, .map, .object, .any: "json"
        }
    }

    private static func item(of schema: Schema) -> (schema: Schema, isList: Bool) {
        if case .array(let item) = schema, item.isScalar { (item, true) } else { (schema, false) }
    }

    private static func scalar(_ schema: Schema) -> String {
        switch schema {
        case .boolean: "true or false"
        case .integer(let minimum?, let maximum?): "an integer from \(minimum) to \(maximum)"
        case .integer(let minimum?, nil): "an integer of at least \(minimum)"
        case .integer(nil, let maximum?): "an integer of at most \(maximum)"
        case .integer: "an integer"
        case .number: "a number"
        case .string(_, _, let values?, _): "one of " + values.joined(separator: ", ")
        case .string(_, ["date-time"], _, _): "a time such as \(Timestamp.example.text)"
        case .string(let pattern, _, _, let length): text(pattern, length)
        case .array, .map, .object, .any: "any value"
        }
    }

    private static func text(_ pattern: String?, _ length: Int?) -> String {
        "a text" + (length.map { " of at most \($0) bytes" } ?? "") + (pattern.map { " that matches \($0)" } ?? "")
    }

    /// `{"hostname": text, "disks": [{"id": text}], "image"?: text}`
    static func shape(_ schema: Schema) -> String {
        switch schema {
        case .boolean: "true|false"
        case .integer: "integer"
        case .number: "number"
        case .string(_, _, let values?, _): values.joined(separator: "|")
        case .string: "text"
        case .array(let item): "[\(shape(item)), …]"
        case .map(let value): "{name: \(shape(value)), …}"
        case .object(let properties): "{" + properties.map(member).joined(separator: ", ") + "}"
        case .any: "any value"
        }
    }

    private static func member(_ property: Schema.Property) -> String {
        "\(property.name)\(property.isRequired ? "" : "?"): \(shape(property.schema))"
    }
}
