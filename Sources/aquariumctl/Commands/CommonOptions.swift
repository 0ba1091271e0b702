import ArgumentParser
import IPC

struct NodeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the agents' sockets.", valueName: "dir"), completion: .directory)
    var runDir = "/run/aquarium"

    var node: Node { Node(runDirectory: runDir) }
}

struct CallOptions: ParsableArguments {
    @Flag(help: "Print the result as it is, in JSON, for scripts.")
    var json = false

    @Option(help: ArgumentHelp("How long to wait for the answer: 0.001 to 86400.", valueName: "seconds"))
    var deadline = Seconds(30)!
}

/// 1 ms to a day.
struct Seconds: ExpressibleByArgument, CustomStringConvertible {
    let value: Double

    init?(_ value: Double) {
        guard (0.001...86_400).contains(value) else { return nil }
        self.value = value
    }

    init?(argument: String) {
        guard let value = Double(argument) else { return nil }
        self.init(value)
    }

    var description: String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
    var defaultValueDescription: String { description }
    var milliseconds: Int { Int((value * 1000).rounded(.up)) }
}

/// An agent of the house, by its name or its program's.
struct AgentName<Home: House>: ExpressibleByArgument {
    let name: String

    init?(argument: String) {
        guard let name = Home.agent(named: argument) else { return nil }
        self.name = name
    }

    static var allValueStrings: [String] { Home.contracts.map(\.name) }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}
