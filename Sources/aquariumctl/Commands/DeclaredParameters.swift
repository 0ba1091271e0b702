import ArgumentParser
import IPC

/// The options of one operation, read off its declaration when the program runs.
///
/// swift-argument-parser finds a command's options by mirroring an empty instance of its type, and gets their values by
/// decoding one. So a type that says itself what its mirror shows, and decodes by name, has options that no Swift
/// property stands for; help, completion and manual have them like any others.
struct DeclaredParameters<Home: House, O: Operation>: ParsableArguments, CustomReflectable {
    /// What was typed, by the parameter's name.
    private var texts: [String: [String]] = [:]
    private var whole: String?
    private(set) var op: String?
    private(set) var agent: String?

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for parameter in Self.parameters {
            let key = Key(stringValue: parameter.key)
            texts[parameter.property.name] =
                parameter.isList
                ? try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                : try container.decode(Option<String?>.self, forKey: key).wrappedValue.map { [$0] } ?? []
        }
        if !Self.parameters.isEmpty { whole = try Self.text(.whole, container) }
        if O.about.effect == .change { op = try Self.text(.op, container) }
        if Self.agents.count > 1 { agent = try Self.text(.agent, container) }
    }

    private static func text(_ key: Key, _ container: KeyedDecodingContainer<Key>) throws -> String? {
        try container.decode(Option<String?>.self, forKey: key).wrappedValue
    }

    var customMirror: Mirror {
        var children = Self.parameters.map { Mirror.Child(label: "_" + $0.key, value: $0.definition) }
        func add(_ key: Key, _ help: ArgumentHelp, _ completion: CompletionKind? = nil) {
            let name = MethodName.dashed(key.stringValue)
            let option = Option<String?>(name: .customLong(name), help: help, completion: completion)
            children.append(Mirror.Child(label: "_" + key.stringValue, value: option))
        }
        if !Self.parameters.isEmpty {
            let words = "All parameters as one JSON object: JSON, @FILE, or - for stdin."
            add(.whole, ArgumentHelp(words, valueName: "json"))
        }
        if O.about.effect == .change {
            add(
                .op,
                ArgumentHelp(
                    "The key under which this change is made once, however often it is asked for; random by default.",
                    valueName: "key"))
        }
        if Self.agents.count > 1 {
            let names = Self.agents.joined(separator: ", ")
            add(.agent, ArgumentHelp("Which agent to ask: \(names).", valueName: "agent"), .list(Self.agents))
        }
        return Mirror(self, children: children, displayStyle: .struct)
    }

    // MARK: what is declared

    static var agents: [String] { Home.agents(with: O.about.method) }

    static var parameters: [Parameter] {
        guard case .object(let properties) = Schema.of(O.self) else { return [] }
        return properties.map(Parameter.init)
    }

    // MARK: what was typed

    /// The parameters as they go to the agent, held against the declaration.
    /// - Throws: `ValidationError`, naming the option to blame.
    func params(reading input: InputText) throws -> JSON {
        let params = try typed(reading: input)
        do {
            _ = try ParameterDecoder.decode(O.self, from: params, schema: Schema.of(O.self))
            return params
        } catch let problem as Problem {
            throw ValidationError(Self.words(for: problem))
        }
    }

    private func typed(reading input: InputText) throws -> JSON {
        var members: [(String, JSON?)] = []
        for parameter in Self.parameters {
            guard let texts = texts[parameter.property.name], !texts.isEmpty else { continue }
            members.append((parameter.property.name, try parameter.value(texts, reading: input)))
        }
        guard let whole else { return .object(members) }
        guard members.isEmpty else {
            let first = MethodName.dashed(members[0].0)
            throw ValidationError("--params already says all parameters: leave out --\(first).")
        }
        return try input.json(whole, of: "--params")
    }

    /// The pointer's first part is an option: `/name` is `--name`.
    private static func words(for problem: Problem) -> String {
        guard let pointer = problem.pointer, let name = pointer.split(separator: "/").first,
            let parameter = parameters.first(where: { $0.property.name == name })
        else { return problem.message }
        guard problem.message.hasPrefix(pointer) else {
            return "--\(parameter.option): \(problem.message)" + (pointer == "/\(name)" ? "" : " (at \(pointer))")
        }
        let rest = problem.message.dropFirst(name.count + 1)
        return "--\(parameter.option)\(rest.hasPrefix("/") ? " " : "")\(rest)"
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        static var whole: Key { Key(stringValue: "params") }
        static var op: Key { Key(stringValue: "op") }
        static var agent: Key { Key(stringValue: "agent") }
    }
}
