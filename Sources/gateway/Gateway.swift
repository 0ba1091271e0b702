import IPC
import Logging
import NIOCore
import NIOPosix

/// The whole gateway: one event loop for the browsers' connections and the agents', so that a forwarded call never
/// changes threads.
struct Gateway: Sendable {
    let logger: Logger
    let loop: any EventLoop
    private let group: MultiThreadedEventLoopGroup
    private let clients: [String: AgentClient]
    private let events: EventHub
    private let server: HTTPServer

    /// How long requests that run at the end may go on: a little less than the supervisor gives a gateway that hands
    /// over to another. When the whole appliance stops it is more than is given, and what still runs then is cut off.
    static let drain = Duration.seconds(9)

    /// - Parameters:
    ///   - runDirectory: where the agents' sockets lie, `<name>.sock`.
    ///   - pace: how often the events' sources are asked.
    init(
        runDirectory: String, files: StaticFiles, logger: Logger, contracts: [ContractDescription] = Contracts.all,
        limits: HTTPServer.Limits = .init(), pace: EventHub.Pace = .init()
    ) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let clients = Dictionary(
            uniqueKeysWithValues: contracts.map { contract in
                let path = "\(runDirectory)/\(contract.socketName)"
                return (contract.name, AgentClient(socketPath: path, group: group, logger: logger))
            })
        let forwarding = Forwarding(clients: clients, loop: group.next())
        events = EventHub(pace: pace, on: group.next()) { topic in await topic.poll(forwarding) }
        var routes = Routes()
        routes.add(contracts, forwarding)
        routes.add(.get, "/api/openapi.json", OpenAPI.handler(contracts))
        routes.add(.get, "/api/events", events.handler)
        routes.add(files)
        self.logger = logger
        self.group = group
        self.clients = clients
        loop = group.next()
        let site = Site(routes: routes, logger: logger, on: group.next())
        server = HTTPServer(site: site, group: group, limits: limits)
    }

    /// - Returns: the port it serves on.
    @discardableResult
    func start(on listener: HTTPServer.Listener) async throws -> Int? {
        try await server.start(on: listener)
    }

    /// Takes no more requests, finishes those that run, and ends.
    func stop() async {
        events.close()
        await server.stop(drain: Self.drain)
        for client in clients.values { await client.close() }
        try? await group.shutdownGracefully()
    }
}
