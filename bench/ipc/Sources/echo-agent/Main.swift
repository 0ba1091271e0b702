import IPC

/// What every agent is, with an operation that costs nothing: what remains is the cost of the call itself.
@main struct EchoProcess: Program {
    static let name = "echo-agent"
    static let about = "Says what it is told. For the benchmark of the IPC library."
    private let options: AgentOptions

    init(_ options: AgentOptions) { self.options = options }

    func run() async throws {
        try await AgentProcess(Echo.contract, options).serve { _ in EchoService() }
    }
}

enum Echo {
    static let contract = Contract<any EchoAPI>("echo", peers: [], [Endpoint(EchoSay.self) { $0.say }])
}

protocol EchoAPI: Sendable {
    @Sendable func say(_: EchoSay, _: Call) async throws -> EchoSay.Response
}

struct EchoSay: Operation {
    static let about = About("echo.say", .read, "Says it again.")
    struct Response: Codable, Sendable { var text: String }
    var text: String
}

struct EchoService: EchoAPI {
    func say(_ said: EchoSay, _: Call) async throws -> EchoSay.Response {
        EchoSay.Response(text: said.text)
    }
}
