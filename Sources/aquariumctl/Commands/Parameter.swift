import ArgumentParser
import IPC

/// One declared parameter as an option.
struct Parameter {
    let property: Schema.Property

    init(_ property: Schema.Property) {
        self.property = property
    }

    /// A parameter may be called as one of the command's own options is.
    private static let taken: Set<String> = [
        "agent", "deadline", "help", "json", "op", "params", "run-dir", "version", "generate-completion-script",
    ]

    /// The option's name, without the dashes.
    var option: String {
        let name = MethodName.dashed(property.name)
        return Self.taken.contains(name) ? "param-" + name : name
    }

    /// Under which the parser keeps the value.
    var key: String { "parameter_" + property.name }

    /// A list of scalars is given one by one, each with the option's name.
    var isList: Bool {
        if case .array(let item) = property.schema { item.isScalar } else { false }
    }

    var definition: Any {
        let help = ArgumentHelp(SchemaWords.help(property), valueName: SchemaWords.valueName(property))
        return isList
            ? Option<[String]>(wrappedValue: [], name: .customLong(option), help: help, completion: completion)
            : Option<String?>(name: .customLong(option), help: help, completion: completion)
    }

    private var completion: CompletionKind? {
        let item: Schema = if case .array(let item) = property.schema { item } else { property.schema }
        switch item {
        case .string(_, _, let values?, _): return .list(values)
        case .boolean: return .list(["true", "false"])
        default: return nil
        }
    }

    /// - Throws: `ValidationError` for what is no JSON where JSON is needed.
    func value(_ texts: [String], reading input: InputText) throws -> JSON {
        if case .array(let item) = property.schema, item.isScalar { return .array(texts.map(item.value)) }
        guard property.schema.isScalar else { return try input.json(texts[0], of: "--" + option) }
        return property.schema.value(from: texts[0])
    }
}

extension Schema {
    /// Written as a plain text on the command line.
    var isScalar: Bool {
        switch self {
        case .boolean, .integer, .number, .string: true
        case .array, .map, .object, .any: false
        }
    }
}
