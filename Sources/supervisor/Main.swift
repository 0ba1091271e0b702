import CLaunch
import Glibc
import IPC
import Logging
import NIOCore
import NIOPosix

struct SupervisorOptions: ProgramOptions {
    var runDir = "/run/aquarium"
    var libexec = "/usr/libexec/aquarium"
    var stateDir = "/var/lib/aquarium"
    var web = "/usr/share/aquarium/web"
    var config = Configuration.path
    var logLevel = Logger.Level.info
    var unprivileged = false

    static var all: [ProgramOption<Self>] {
        [
            .text("run-dir", "FOLDER", "The sockets.", \.runDir),
            .text("libexec", "FOLDER", "The children's programs.", \.libexec),
            .text("state-dir", "FOLDER", "The agents' own state.", \.stateDir),
            .text("web", "FOLDER", "The page.", \.web),
            .config(\.config), .logLevel(\.logLevel),
            .flag("unprivileged", "Run all children as the user who started this. For development.", \.unprivileged),
        ]
    }
}

@main struct SupervisorProcess: Program {
    static let name = "supervisor"
    static let about = "Launches, watches and restarts the appliance's processes."
    private let options: SupervisorOptions

    init(_ options: SupervisorOptions) { self.options = options }

    func run() async throws {
        Log.start(component: "supervisor", level: options.logLevel)
        ProcessLife.ignoreBrokenPipes()
        let logger = Logger(label: "supervisor")
        let topology = Topology.appliance(options)
        // What the supervisor makes is for root and, where it says so, for a group; never for others.
        umask(0o007)
        let sockets = try Sockets(
            for: topology.children, in: options.runDir, listen: try Configuration.load(options.config).listen,
            group: options.unprivileged ? nil : try socketGroup(), kept: KeptSockets(ListenSockets.inherited()))
        _ = adopt_orphans()
        let supervision = try Supervision(
            topology,
            launching: Launcher.Settings(
                programDirectory: options.libexec, configuration: options.config, notifySocket: sockets.notify.path,
                changesUsers: !options.unprivileged),
            sockets: sockets, serviceManager: ServiceManager(), logger: logger)
        // From here on SIGHUP is no end.
        let hangups = Signals.stream([SIGHUP])
        Task { for await _ in hangups { await supervision.reload() } }
        await supervision.start()
        try await serve(SupervisorService(supervision: supervision), on: sockets.supervisor, logger) {
            let signal = await Termination.wait()
            logger.info("stopping", metadata: ["signal": "\(signal)"])
            await supervision.stop()
        }
    }

    private func serve(
        _ service: SupervisorService, on socket: CInt, _ logger: Logger, until end: () async -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let operations = OperationStore(in: options.stateDir + "/supervisor", logger: logger)
        let server = AgentServer(
            Supervisor.contract, agent: service, operations: operations, logger: logger, group: group)
        try await server.start(listening: socket)
        await end()
        await server.stop(drain: .zero)
        try await group.shutdownGracefully()
    }

    private func socketGroup() throws -> gid_t {
        guard let group = getgrnam(Topology.socketGroup)?.pointee else {
            throw SocketFailure("There is no group \(Topology.socketGroup); systemd-sysusers makes it.")
        }
        return group.gr_gid
    }
}
