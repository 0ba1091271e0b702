import Glibc
import IPC
import Logging

@main struct OrchAgent: ConfinedProgram {
    static let name = "orch-agent"
    static let about = "Tells what the Ceph cluster is and how it is."
    private let options: AgentOptions

    init(_ options: AgentOptions) { self.options = options }

    var leastLogLevel: Logger.Level { options.logLevel }

    /// Its own state, and what glibc and librados read of the system. Not /etc/ceph, where client.admin's key lies.
    var confinement: Confinement {
        Confinement(
            readable: Confinement.files(config: options.config) + [
                options.stateDirectory(of: Orch.contract.description), "/dev/urandom", "/etc/group", "/etc/hosts",
                "/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/passwd", "/etc/resolv.conf", "/etc/ssl", "/lib",
                "/sys/devices/system", "/usr/lib",
            ],
            mayConnect: true, systemCalls: .orchAgent)
    }

    func run() async throws {
        try await AgentProcess(Orch.contract, options).serve(confinedBy: confinement) { context in
            OrchService(ClusterAccess(stateDirectory: context.stateDirectory, logger: context.logger))
        }
        // exit(3) would run librados' destructors under its own threads, which can end in SIGSEGV.
        _exit(EXIT_SUCCESS)
    }
}
