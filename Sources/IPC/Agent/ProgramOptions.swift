public import Logging

/// What a process is told on its command line, `--name value`.
///
/// Read by hand: what reads it off a type's properties (swift-argument-parser) took a third of the time in which a
/// killed process is ready again.
public protocol ProgramOptions: Sendable {
    /// The defaults.
    init()
    static var all: [ProgramOption<Self>] { get }
    /// A word that is none of them, nor the value of one. Refused by those who don't say what it is to them.
    mutating func take(_ word: String) throws(UsageError)
}

extension ProgramOptions {
    public mutating func take(_ word: String) throws(UsageError) { throw UsageError("There is no option \(word).") }
}

/// One option of `Options`.
public struct ProgramOption<Options> {
    let name: String
    /// What stands for the value in the help; nil for one that takes none.
    let value: String?
    let about: String
    let set: (inout Options, String) throws(UsageError) -> Void
    /// What is so without it, for the help.
    let shown: (Options) -> String?

    public static func text(
        _ name: String, _ value: String, _ about: String, _ place: WritableKeyPath<Options, String>
    ) -> Self {
        Self(name: name, value: value, about: about) {
            $0[keyPath: place] = $1
        } shown: {
            $0[keyPath: place]
        }
    }

    public static func text(
        _ name: String, _ value: String, _ about: String, _ place: WritableKeyPath<Options, String?>
    ) -> Self {
        Self(name: name, value: value, about: about) {
            $0[keyPath: place] = $1
        } shown: {
            $0[keyPath: place]
        }
    }

    public static func flag(_ name: String, _ about: String, _ place: WritableKeyPath<Options, Bool>) -> Self {
        Self(name: name, value: nil, about: about) { options, _ in
            options[keyPath: place] = true
        } shown: { _ in
            nil
        }
    }

    public static func config(_ place: WritableKeyPath<Options, String>) -> Self {
        text("config", "FILE", "The configuration file.", place)
    }

    public static func logLevel(_ place: WritableKeyPath<Options, Logger.Level>) -> Self {
        let about = "The least level to log: trace, debug, info, notice, warning, error or critical."
        return Self(name: "log-level", value: "LEVEL", about: about) { (options, text) throws(UsageError) in
            guard let level = Logger.Level(rawValue: text) else {
                throw UsageError("There is no level \(text) for --log-level. \(about)")
            }
            options[keyPath: place] = level
        } shown: {
            $0[keyPath: place].rawValue
        }
    }
}

/// A command line that is not understood.
public struct UsageError: Error, Equatable {
    public let message: String

    public init(_ message: String) { self.message = message }
}

extension ProgramOptions {
    /// - Parameter arguments: without the program's name.
    public static func parse(_ arguments: [String]) throws(UsageError) -> Self {
        let all = Self.all
        var options = Self()
        var rest = arguments[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = all.first(where: { "--" + $0.name == parts.first }) else {
                try options.take(word)
                continue
            }
            try option.set(&options, try value(of: option, joined: parts.dropFirst().first, &rest))
        }
        return options
    }

    private static func value(
        of option: ProgramOption<Self>, joined: String?, _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> String {
        guard option.value != nil else {
            if joined == nil { return "" }
            throw UsageError("The option --\(option.name) takes no value.")
        }
        guard let value = joined ?? rest.popFirst() else {
            throw UsageError("The option --\(option.name) wants a value.")
        }
        return value
    }

    /// A line or two for each option.
    static var help: String {
        all.map { option in
            let head = "  --" + option.name + (option.value.map { " " + $0 } ?? "")
            let shown = option.shown(Self()).map { " (default: \($0))" } ?? ""
            return "\(head)\n      \(option.about)\(shown)\n"
        }.joined() + "  --help\n      Shows this.\n"
    }
}
