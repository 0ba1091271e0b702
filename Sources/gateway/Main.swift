import IPC
import Logging

struct GatewayOptions: ProgramOptions {
    var runDir = "/run/aquarium"
    var web = "/usr/share/aquarium/web"
    var listen: String?
    var config = Configuration.path
    var logLevel = Logger.Level.info

    static var all: [ProgramOption<Self>] {
        [
            .text("run-dir", "FOLDER", "The agents' sockets.", \.runDir),
            .text("web", "FOLDER", "The page.", \.web),
            .text(
                "listen", "ADDRESS:PORT",
                "Serve here, when started by hand. The supervisor passes the socket instead.", \.listen),
            .config(\.config), .logLevel(\.logLevel),
        ]
    }
}

/// The only process that speaks HTTP: the page, the API, and nothing of its own besides.
@main struct GatewayProcess: ConfinedProgram {
    static let name = "gateway"
    static let about = "Serves the page and forwards the API's calls to the agents."
    private let options: GatewayOptions

    init(_ options: GatewayOptions) { self.options = options }

    var leastLogLevel: Logger.Level { options.logLevel }

    var confinement: Confinement {
        Confinement(
            readable: Confinement.files(config: options.config) + [options.web], mayConnect: false,
            systemCalls: .gateway)
    }

    func run() async throws {
        ProcessLife.ignoreBrokenPipes()
        let listener =
            try ListenSockets.inherited()["http"].map(HTTPServer.Listener.inherited) ?? .address(ownAddress())
        let gateway = Gateway(
            runDirectory: options.runDir, files: StaticFiles(in: options.web), logger: Logger(label: "gateway"))
        try confinement.confineSystemCalls(gateway.logger)
        try await gateway.start(on: listener)
        await ProcessLife.run(on: gateway.loop, logger: gateway.logger)
        await gateway.stop()
    }

    private func ownAddress() throws -> ListenAddress {
        let text = try options.listen ?? Configuration.load(options.config).listen
        do {
            return try ListenAddress(text)
        } catch {
            throw UsageError("\(text) \(error.reason).")
        }
    }
}
