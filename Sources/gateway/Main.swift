import ArgumentParser
import IPC
import Logging

/// The only process that speaks HTTP: the page, the API, and nothing of its own besides.
@main struct GatewayCommand: ConfinedCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Serves the page and forwards the API's calls to the agents.")

    static let component = "gateway"
    @Option(help: "The folder of the agents' sockets.") var runDir = "/run/aquarium"
    @Option(help: "The folder of the page.") var web = "/usr/share/aquarium/web"
    @Option(help: "ADDRESS:PORT to serve on, when started by hand. The supervisor passes the socket instead.")
    var listen: String?
    @Option(help: "The configuration file.") var config = Configuration.path
    @Option(help: "The least level to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    var leastLogLevel: Logger.Level { logLevel }

    var confinement: Confinement {
        Confinement(readable: Confinement.files(config: config) + [web], mayConnect: false, systemCalls: .gateway)
    }

    func run() async throws {
        ProcessLife.ignoreBrokenPipes()
        let listener =
            try ListenSockets.inherited()["http"].map(HTTPServer.Listener.inherited) ?? .address(ownAddress())
        let gateway = Gateway(
            runDirectory: runDir, files: StaticFiles(in: web), logger: Logger(label: "gateway"))
        try confinement.confineSystemCalls(gateway.logger)
        try await gateway.start(on: listener)
        await ProcessLife.run(on: gateway.loop, logger: gateway.logger)
        await gateway.stop()
    }

    private func ownAddress() throws -> ListenAddress {
        let text = try listen ?? Configuration.load(config).listen
        do {
            return try ListenAddress(text)
        } catch {
            throw ValidationError("\(text) \(error.reason).")
        }
    }
}
