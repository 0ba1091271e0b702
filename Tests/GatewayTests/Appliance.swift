import FoundationEssentials
import Glibc
import IPC
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import gateway

/// A gateway with real agents behind it: IPC's own server on real sockets, with methods that a test directs.
final class Appliance: Sendable {
    let agents = TestAgents()
    let port: Int
    let gateway: Gateway
    /// Where the agents' sockets lie.
    let directory: String
    private let stopped = Mutex(false)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let bootstrap: Mutex<AgentServer<any BootstrapAPI>>
    private let orch: AgentServer<any OrchAPI>

    private init(web: String, limits: HTTPServer.Limits, pace: EventHub.Pace, log: RecordedLog) async throws {
        directory = try temporaryDirectory()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let operations = OperationStore(in: directory, logger: logger)
        bootstrap = Mutex(
            AgentServer(Bootstrap.contract, agent: agents, operations: operations, logger: logger, group: group))
        orch = AgentServer(Orch.contract, agent: agents, operations: operations, logger: logger, group: group)
        gateway = Gateway(
            runDirectory: directory, files: StaticFiles(in: web), logger: Logger(label: "test") { _ in log },
            limits: limits, pace: pace)
        try await bootstrap.withLock { $0 }.start(listening: ListenSockets.make(at: "\(directory)/bootstrap.sock"))
        try await orch.start(listening: ListenSockets.make(at: "\(directory)/orch.sock"))
        port = try await gateway.start(on: .address(ListenAddress("127.0.0.1:0")))!
    }

    static func run<T>(
        web: String = "/nonexistent", limits: HTTPServer.Limits = .init(), pace: EventHub.Pace = .init(),
        log: RecordedLog = RecordedLog(), _ body: (Appliance) async throws -> T
    ) async throws -> T {
        let appliance = try await Appliance(web: web, limits: limits, pace: pace, log: log)
        let result: Result<T, any Error>
        do { result = .success(try await body(appliance)) } catch { result = .failure(error) }
        await appliance.stopGateway()
        await appliance.bootstrap.withLock { $0 }.stop(drain: .zero)
        await appliance.orch.stop(drain: .zero)
        try await appliance.group.shutdownGracefully()
        try FileManager.default.removeItem(atPath: appliance.directory)
        return try result.get()
    }

    func stopGateway() async {
        let isFirst = stopped.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        if isFirst { await gateway.stop() }
    }

    /// As when the agent dies and the supervisor starts it again.
    func restartBootstrap() async throws {
        await bootstrap.withLock { $0 }.stop(drain: .zero)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = AgentServer(
            Bootstrap.contract, agent: agents as any BootstrapAPI,
            operations: OperationStore(in: directory, logger: logger), logger: logger, group: group)
        try await server.start(listening: ListenSockets.make(at: "\(directory)/bootstrap.sock"))
        bootstrap.withLock { $0 = server }
    }
}

func temporaryDirectory() throws -> String {
    let path = "/tmp/aquarium-gateway-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

/// Answers everything with an example of the right type, and remembers how it was called.
final class TestAgents: BootstrapAPI, OrchAPI {
    struct Received: Sendable {
        var method: String
        var requestId: String
        var op: OperationKey?
        /// How long the caller still waits.
        var limit: Duration?
    }

    private let received = Mutex<[Received]>([])
    private let states = Mutex<[BootstrapState]>([])
    /// While closed, `requirements.check` and `bootstrap.retry` wait.
    let gate = Gate(isOpen: true)
    let waiting = Gate()
    let cancelled = Gate()

    func calls(of method: String) -> [Received] { received.withLock { $0.filter { $0.method == method } } }
    /// What `bootstrap.status` says from now on.
    func say(_ state: BootstrapState) { states.withLock { $0 = [state] } }

    private func note(_ method: String, _ call: Call) {
        let limit = call.deadline.map { $0 - .now }
        received.withLock {
            $0.append(Received(method: method, requestId: call.requestId, op: call.op, limit: limit))
        }
    }

    private func example<O: Operation>(_ operation: O, _ call: Call) -> O.Response {
        note(O.about.method, call)
        return Schema.example(of: O.Response.self)
    }

    private func wait() async throws {
        await withTaskCancellationHandler {
            waiting.open()
            await gate.pass()
        } onCancel: {
            cancelled.open()
            gate.open()
        }
        try Task.checkCancellation()
    }

    @Sendable func requirementsCheck(_ params: RequirementsCheck, _ call: Call) async throws -> Requirements {
        let answer = example(params, call)
        try await wait()
        return answer
    }

    @Sendable func bootstrapRetry(_ params: BootstrapRetry, _ call: Call) async throws -> BootstrapState {
        let answer = example(params, call)
        try await wait()
        return answer
    }

    @Sendable func bootstrapStatus(_ params: BootstrapStatus, _ call: Call) async throws -> BootstrapState {
        let answer = example(params, call)
        return states.withLock { $0.first } ?? answer
    }

    @Sendable func bootstrapCleanUp(_ params: BootstrapCleanUp, _ call: Call) async throws -> BootstrapState {
        note(BootstrapCleanUp.about.method, call)
        throw Problem(.bootstrapRunning, "A bootstrap runs.", hint: "Wait for it.", retryable: true)
    }

    @Sendable func bootstrapPlan(_ p: BootstrapPlan, _ c: Call) async throws -> Plan { example(p, c) }
    @Sendable func bootstrapStart(_ p: BootstrapStart, _ c: Call) async throws -> BootstrapState { example(p, c) }
    @Sendable func operationsList(_ p: OperationsList, _ c: Call) async throws -> OperationsList.Response {
        example(p, c)
    }
    @Sendable func operationsGet(_ p: OperationsGet, _ c: Call) async throws -> DetachedOperation { example(p, c) }
    @Sendable func operationsWatch(_ p: OperationsWatch, _ c: Call) async throws -> DetachedOperation { example(p, c) }
    @Sendable func operationsCancel(_ p: OperationsCancel, _ c: Call) async throws -> DetachedOperation {
        example(p, c)
    }
    @Sendable func clusterStatus(_ p: ClusterStatus, _ c: Call) async throws -> ClusterStatus.Response { example(p, c) }
    @Sendable func clusterLog(_ p: ClusterLog, _ c: Call) async throws -> ClusterLog.Response { example(p, c) }
    @Sendable func hostsList(_ p: HostsList, _ c: Call) async throws -> HostsList.Response { example(p, c) }
    @Sendable func devicesList(_ p: DevicesList, _ c: Call) async throws -> DevicesList.Response { example(p, c) }
    @Sendable func daemonsList(_ p: DaemonsList, _ c: Call) async throws -> DaemonsList.Response { example(p, c) }
    @Sendable func osdsList(_ p: OSDsList, _ c: Call) async throws -> OSDsList.Response { example(p, c) }
}

/// Once open, all pass.
final class Gate: Sendable {
    private let state: Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>

    init(isOpen: Bool = false) { state = Mutex((isOpen, [])) }

    func open() {
        let waiters = state.withLock { state in
            defer { state = (true, []) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func close() { state.withLock { $0.isOpen = false } }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Keeps what a gateway logs.
struct RecordedLog: LogHandler {
    let events: AsyncStream<LogEvent>
    private let arrive: AsyncStream<LogEvent>.Continuation
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    init() { (events, arrive) = AsyncStream.makeStream() }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { arrive.yield(event) }
}
