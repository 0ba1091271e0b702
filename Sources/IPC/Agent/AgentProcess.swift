public import Logging
public import NIOCore
import NIOPosix

/// The options that every agent takes.
public struct AgentOptions: ProgramOptions {
    public var socket: String?
    public var state: String?
    public var config = Configuration.path
    public var logLevel = Logger.Level.info

    public init() {}

    public static var all: [ProgramOption<Self>] {
        [
            .text(
                "socket", "PATH", "Listen here, when started by hand. The supervisor passes the socket instead.",
                \.socket),
            .text("state", "FOLDER", "The agent's own state; else /var/lib/aquarium/AGENT.", \.state),
            .config(\.config), .logLevel(\.logLevel),
        ]
    }

    public func stateDirectory(of agent: ContractDescription) -> String { state ?? "/var/lib/aquarium/\(agent.name)" }
}

/// What an agent is given to work with.
public struct AgentContext: Sendable {
    public let logger: Logger
    let configurationPath: String
    /// The folder of the agent's own state; it exists.
    public let stateDirectory: String
    public let group: any EventLoopGroup

    /// For an agent that it concerns; reading it is a tenth of a start.
    /// - Throws: `Problem` with the file's name and what is wrong in it.
    public func configuration() throws -> Configuration { try Configuration.load(configurationPath) }
}

/// The one skeleton of every agent: configuration, socket, service, readiness, heartbeat, end.
public struct AgentProcess<Agent: Sendable> {
    private let contract: Contract<Agent>
    private let options: AgentOptions

    /// How long calls that run at SIGTERM may go on.
    private static var drain: Duration { .seconds(3) }

    public init(_ contract: Contract<Agent>, _ options: AgentOptions) {
        self.contract = contract
        self.options = options
    }

    /// Serves until SIGTERM or SIGINT.
    /// - Parameter confinement: nil for an agent whose own child processes need what it would give up.
    public func serve(
        confinedBy confinement: Confinement? = nil, _ makeAgent: (AgentContext) async throws -> Agent
    ) async throws {
        let name = contract.description.name
        Log.start(component: "\(name)-agent", level: options.logLevel)
        ProcessLife.ignoreBrokenPipes()
        let logger = Logger(label: name)
        let listener = try inheritedSocket() ?? ListenSockets.make(at: requiredSocket())
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let context = AgentContext(
            logger: logger, configurationPath: options.config,
            stateDirectory: options.stateDirectory(of: contract.description), group: group)
        let server = AgentServer(
            contract, agent: try await makeAgent(context),
            operations: OperationStore(in: context.stateDirectory, logger: logger), logger: logger, group: group)
        try confinement?.confineSystemCalls(logger)
        try await server.start(listening: listener)
        await ProcessLife.run(on: group.any(), logger: logger)
        await server.stop(drain: Self.drain)
        try await group.shutdownGracefully()
    }

    private func inheritedSocket() -> CInt? {
        ListenSockets.inherited()[contract.description.name]
    }

    private func requiredSocket() throws -> String {
        guard let path = options.socket else {
            throw UsageError("No socket was passed by a service manager: name one with --socket PATH.")
        }
        return path
    }
}
