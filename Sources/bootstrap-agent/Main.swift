import IPC

@main struct BootstrapAgent: Program {
    static let name = "bootstrap-agent"
    static let about = "Makes a Ceph cluster of this node."
    private let options: AgentOptions

    init(_ options: AgentOptions) { self.options = options }

    func run() async throws {
        try await AgentProcess(Bootstrap.contract, options).serve { context in try await BootstrapService(context) }
    }
}
