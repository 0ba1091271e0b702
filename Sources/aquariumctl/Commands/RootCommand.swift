import ArgumentParser
import IPC

/// `aquariumctl`: the declared operations by noun and verb, and the few verbs of its own.
struct RootCommand<Home: House>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "aquariumctl",
            abstract: "Asks and tells the appliance on this node, through its agents' sockets.",
            discussion: """
                Exit codes: 0 done, 1 refused or failed, 2 not understood. \
                It is for root, or whoever may open the sockets in /run/aquarium.
                """,
            version: Version.current,
            groupedSubcommands: [
                CommandGroup(name: "Declared", subcommands: declared),
                CommandGroup(
                    name: "General",
                    subcommands: [
                        WatchCommand<Home>.self, LogsCommand<Home>.self, CallCommand<Home>.self,
                        DiscoverCommand<Home>.self, ManualCommand<Home>.self,
                    ]),
            ])
    }

    private static var declared: [any ParsableCommand.Type] {
        Home.nouns.compactMap { noun in noun.operations.first.map { NounCommand<Home, Never>.of($0) } }
    }
}

/// All operations whose method begins alike: `bootstrap …`. A type is needed for each such command, so it is made of
/// the first operation that has the noun.
struct NounCommand<Home: House, First>: ParsableCommand {
    static func of<O: Operation>(_ first: O.Type) -> any ParsableCommand.Type {
        NounCommand<Home, O>.self
    }

    static var configuration: CommandConfiguration {
        guard let first = First.self as? any Operation.Type else { return CommandConfiguration() }
        let noun = MethodName(first.about.method).noun
        let operations = Home.nouns.first { $0.noun == noun }?.operations ?? []
        let verbs = operations.map { MethodName($0.about.method).verb }.joined(separator: ", ")
        return CommandConfiguration(
            commandName: noun, abstract: verbs, subcommands: operations.map { command($0) })
    }

    private static func command<O: Operation>(_ operation: O.Type) -> any ParsableCommand.Type {
        OperationCommand<Home, O>.self
    }
}
