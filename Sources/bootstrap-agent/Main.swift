import ArgumentParser
import IPC

@main struct BootstrapAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootstrap-agent", abstract: "Makes a Ceph cluster of this node.")
    @OptionGroup var options: AgentOptions

    func run() async throws {
        try await AgentProcess(Bootstrap.contract, options).serve { context in try await BootstrapService(context) }
    }
}
