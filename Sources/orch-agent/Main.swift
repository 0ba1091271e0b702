import ArgumentParser
import Glibc
import IPC

@main struct OrchAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orch-agent", abstract: "Tells what the Ceph cluster is and how it is.")
    @OptionGroup var options: AgentOptions

    func run() async throws {
        try await AgentProcess(Orch.contract, options).serve { context in
            OrchService(ClusterAccess(stateDirectory: context.stateDirectory, logger: context.logger))
        }
        // exit(3) would run librados' destructors under its own threads, which can end in SIGSEGV.
        _exit(EXIT_SUCCESS)
    }
}
