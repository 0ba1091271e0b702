import ArgumentParser
import FoundationEssentials

/// The commands as swift-argument-parser describes them: `--experimental-dump-help`, of which the manual needs this.
struct ToolInfo: Decodable {
    let command: Command

    struct Command: Decodable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let shouldDisplay: Bool?
        let subcommands: [Command]?
        let arguments: [Argument]?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            enum Kind: String, Decodable { case long, short, longWithSingleDash }
            let kind: Kind
            let name: String
        }
        enum Kind: String, Decodable { case positional, option, flag }

        let kind: Kind
        let shouldDisplay: Bool
        let isOptional: Bool
        let names: [Name]?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?
    }

    static func of(_ root: any ParsableCommand.Type) throws -> ToolInfo {
        try JSONDecoder().decode(ToolInfo.self, from: Data(root._dumpHelp().utf8))
    }
}

extension ToolInfo.Command {
    /// Those that a person is told of; `help` is a word for `--help`.
    var shown: [ToolInfo.Command] {
        (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
    }

    var shownArguments: [ToolInfo.Argument] { (arguments ?? []).filter(\.shouldDisplay) }
}
