import ArgumentParser
import IPC

/// What the help of an operation says, all of it from the declaration.
struct OperationHelp<Home: House, O: Operation> {
    private let about = O.about
    private let parameters = DeclaredParameters<Home, O>.parameters

    private var name: MethodName { MethodName(about.method) }
    var command: String { "aquariumctl \(name.noun) \(name.verb)" }

    var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: name.verb, abstract: about.summary, usage: usage,
            discussion: [effect, errors, example].joined(separator: "\n\n"))
    }

    /// Required parameters stand by themselves, which the parser can't know: --params may say them, too.
    var usage: String {
        let required = parameters.filter(\.property.isRequired)
        let words = required.map { " --\($0.option) <\(SchemaWords.valueName($0.property))>" }.joined()
        return command + words + " [<options>]"
    }

    private var effect: String {
        let agents = DeclaredParameters<Home, O>.agents.joined(separator: ", ")
        let what =
            switch about.effect {
            case .read: "Changes nothing."
            case .change: "Changes something."
            }
        return "\(what) Method \(about.method) of \(agents); for the role \(about.role.rawValue)."
    }

    private var errors: String {
        about.errors.isEmpty
            ? "Has no errors besides those that every call can meet."
            : "Errors of its own: " + about.errors.map(\.rawValue).joined(separator: ", ") + "."
    }

    /// With every parameter, the optional ones too.
    private var example: String {
        let value = (try? WireCoding.encode(Schema.example(of: O.self))).flatMap { try? JSON(text: $0) } ?? [:]
        let options = parameters.flatMap { parameter -> [String] in
            guard let value = value[parameter.property.name] else { return [] }
            return Self.arguments(value, parameter).map { "--\(parameter.option) \($0)" }
        }
        return "Example:\n  " + ([command] + options).joined(separator: " ")
    }

    private static func arguments(_ value: JSON, _ parameter: Parameter) -> [String] {
        if parameter.isList, case .array(let items) = value { return items.map(argument) }
        return [argument(value)]
    }

    private static func argument(_ value: JSON) -> String {
        if case .string(let text) = value { return ShellWord.quoted(text) }
        return ShellWord.quoted(String(decoding: value.bytes, as: UTF8.self))
    }
}

/// A word as a shell takes it.
enum ShellWord {
    static func quoted(_ text: String) -> String {
        let plain = Array("-_./:=@%+,".unicodeScalars)
        let isPlain = text.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || plain.contains($0)
        }
        guard text.isEmpty || !isPlain else { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
