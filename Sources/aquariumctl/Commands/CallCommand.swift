import ArgumentParser
import IPC

/// `call orch '{"method":"cluster.status"}'`: a line as it is, and whatever comes back.
struct CallCommand<Home: House>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "call", abstract: "Sends a line to an agent as it is, and prints what comes back.",
            discussion: """
                Example:
                  aquariumctl call \(Home.contracts.first?.name ?? "AGENT") '{"method":"rpc.discover"}'
                """)
    }

    @Argument(help: "The agent.") var agent: AgentName<Home>
    @Argument(help: "One line of JSON-RPC.") var line: String
    @Option(help: ArgumentHelp("How long to wait for each line of the answer: 0.001 to 86400.", valueName: "seconds"))
    var deadline = Seconds(30)!
    @OptionGroup var place: NodeOptions

    func run() throws {
        let console = Console.current
        var failed = false
        do {
            let socket = try UnixSocket(place.node.socket(of: agent.name))
            socket.send(line)
            try socket.receive(within: deadline.value) { reply in
                failed = failed || Self.isFailure(reply)
                try console.print(reply)
            }
        } catch let problem as Problem {
            throw Failure(problem: problem)
        }
        if failed { throw Failed() }
    }

    /// An error, or a batch with one among its replies.
    private static func isFailure(_ line: String) -> Bool {
        guard let reply = try? JSON(text: Array(line.utf8)) else { return false }
        guard case .array(let replies) = reply else { return reply["error"] != nil }
        return replies.contains { $0["error"] != nil }
    }
}

/// `discover orch`: the agent's own OpenRPC document.
struct DiscoverCommand<Home: House>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "discover", abstract: "Prints what an agent can be told: its OpenRPC document, in JSON.")
    }

    @Argument(help: "The agent.") var agent: AgentName<Home>
    @OptionGroup var place: NodeOptions

    func run() async throws {
        let document = try await place.node.call(agent.name, "rpc.discover", [:])
        try Console.current.out(document + [UInt8(ascii: "\n")])
    }
}
