import FoundationEssentials

/// Turns a call's `params` into the operation's struct: first held against its schema, so that every unknown,
/// missing or ill-typed member is refused with its place, then decoded, so that every value type has its say.
public enum ParameterDecoder {
    /// - Throws: `Problem` of kind `params.invalid` with the JSON pointer of the first place that does not fit.
    public static func decode<O: Operation>(_ type: O.Type, from params: JSON, schema: Schema) throws -> O {
        try schema.check(params, at: "")
        do {
            return try WireCoding.decode(type, from: params.bytes)
        } catch DecodingError.dataCorrupted(let context) {
            throw Problem(.paramsInvalid, context.debugDescription, pointer: pointer(context.codingPath))
        }
    }

    private static func pointer(_ path: [any CodingKey]) -> String {
        path.map { key in "/" + (key.intValue.map { String($0) } ?? WireCoding.snakeCase(key.stringValue)) }.joined()
    }
}

extension Schema {
    /// - Throws: `Problem` of kind `params.invalid` with the JSON pointer of the first place that does not fit.
    func check(_ value: JSON, at pointer: String) throws {
        switch (self, value) {
        case (.any, _), (.boolean, .bool), (.number, .number), (.number, .integer): return
        case (.integer(let minimum, let maximum), .integer(let number)):
            if let minimum, number < minimum { throw Self.refused(pointer, "must be at least \(minimum)") }
            if let maximum, number > maximum { throw Self.refused(pointer, "must be at most \(maximum)") }
        case (.string(_, _, let oneOf, let maxLength), .string(let text)):
            try Self.check(text, oneOf: oneOf, maxLength: maxLength, at: pointer)
        case (.array(let item), .array(let items)):
            for (index, element) in items.enumerated() { try item.check(element, at: "\(pointer)/\(index)") }
        case (.map(let schema), .members(let members)):
            for member in members { try schema.check(member.value, at: "\(pointer)/\(Self.escaped(member.name))") }
        case (.object(let properties), .members(let members)):
            try Self.check(members, against: properties, at: pointer)
        default: throw Self.refused(pointer, "must be \(words), not \(value.typeName)")
        }
    }

    private static func check(_ text: String, oneOf: [String]?, maxLength: Int?, at pointer: String) throws {
        if let oneOf, !oneOf.contains(text) {
            throw refused(pointer, "must be one of " + oneOf.joined(separator: ", "))
        }
        if let maxLength, text.utf8.count > maxLength { throw refused(pointer, "is longer than \(maxLength) bytes") }
    }

    private static func check(_ members: [JSON.Member], against properties: [Property], at pointer: String) throws {
        for member in members {
            guard let property = properties.first(where: { $0.name == member.name }) else {
                let known = properties.isEmpty ? "none" : properties.map(\.name).joined(separator: ", ")
                throw refused("\(pointer)/\(escaped(member.name))", "is not a parameter; known are: \(known)")
            }
            if member.value == .null, !property.isRequired { continue }
            try property.schema.check(member.value, at: "\(pointer)/\(escaped(member.name))")
        }
        for property in properties where property.isRequired {
            if !members.contains(where: { $0.name == property.name }) {
                throw refused("\(pointer)/\(property.name)", "is missing; it must be \(property.schema.words)")
            }
        }
    }

    private static func refused(_ pointer: String, _ reason: String) -> Problem {
        Problem(
            .paramsInvalid, "\(pointer.isEmpty ? "params" : String(pointer.prefix(200))) \(reason).",
            hint: "rpc.discover shows what the method takes.", pointer: pointer)
    }

    /// RFC 6901.
    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        return String(name.flatMap { $0 == "~" ? Array("~0") : $0 == "/" ? Array("~1") : [$0] })
    }

    private var words: String {
        switch self {
        case .boolean: "true or false"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .map, .object: "an object"
        case .any: "any value"
        }
    }
}
