import Glibc
import IPC
import Logging
import NIOCore
import NIOPosix
import Synchronization

// A contract of its own, so that the wire is tested without any agent.

enum Echo {
    static let contract = Contract<any EchoAPI>(
        "echo", peers: [],
        [
            Endpoint(EchoSay.self) { $0.say }, Endpoint(EchoWait.self) { $0.wait },
            Endpoint(EchoFail.self) { $0.fail }, Endpoint(EchoCount.self) { $0.count },
            Endpoint(EchoAdd.self) { $0.add }, Endpoint(EchoFill.self) { $0.fill },
            Endpoint(EchoStay.self) { $0.stay }, Endpoint(EchoPour.self) { $0.pour } resume: { $0.pourOn },
        ])
}

protocol EchoAPI: Sendable {
    @Sendable func say(_: EchoSay, _: Call) async throws -> Text
    @Sendable func wait(_: EchoWait, _: Call) async throws -> Text
    @Sendable func fail(_: EchoFail, _: Call) async throws -> Text
    @Sendable func count(_: EchoCount, _: Call) async throws -> Text
    @Sendable func add(_: EchoAdd, _: Call) async throws -> Text
    @Sendable func fill(_: EchoFill, _: Call) async throws -> Text
    @Sendable func stay(_: EchoStay, _: Call) async throws -> Text
    @Sendable func pour(_: EchoPour, _: Call) async throws -> Text
    @Sendable func pourOn(_: EchoPour, _: Call) async throws -> Text
}

struct Text: Codable, Sendable { var text: String }

struct EchoSay: Operation {
    static let about = About("echo.say", .read, "Says it again.", route: .get("/api/echo"))
    typealias Response = Text
    var text: String
}

struct EchoWait: Operation {
    static let about = About("echo.wait", .read, "Waits until it is told to go on.")
    typealias Response = Text
}

struct EchoFail: Operation {
    static let about = About("echo.fail", .read, "Fails.")
    typealias Response = Text
    var kind: String
}

struct EchoCount: Operation {
    static let about = About("echo.count", .read, "Counts, with progress.")
    typealias Response = Text
    var to: Int
}

struct EchoAdd: Operation {
    static let about = About("echo.add", .change, "Adds to a sum.")
    typealias Response = Text
    var number: Int
    var isSlow: Bool?
}

struct EchoPour: Operation {
    static let about = About("echo.pour", .change, "Adds one to the sum, and can be gone on with.")
    typealias Response = Text
}

struct EchoFill: Operation {
    static let about = About("echo.fill", .read, "Gives a text of so many bytes.")
    typealias Response = Text
    var bytes: Int
}

struct EchoStay: Operation {
    static let about = About("echo.stay", .read, "Waits, and takes no notice of being cancelled.")
    typealias Response = Text
}

final class EchoAgent: EchoAPI {
    private let gate = Gate()
    private let waiting = Counter()
    private let cancelled = Gate()
    private let sum = Mutex(0)
    private let refusal = Mutex<(any Error)?>(nil)
    private let filled = Counter()
    private let door = Gate()

    func open() { gate.open() }
    /// Thrown by the next `echo.add`.
    func refuseNext(with error: any Error) { refusal.withLock { $0 = error } }
    func untilWaiting(_ count: Int = 1) async { await waiting.reach(count) }
    var waitingCount: Int { waiting.count }
    /// Lets `echo.stay` end.
    func leave() { door.open() }
    var filledCount: Int { filled.count }
    func untilFilled(_ count: Int) async { await filled.reach(count) }
    func untilCancelled() async { await cancelled.pass() }

    @Sendable func say(_ params: EchoSay, _: Call) async throws -> Text { Text(text: params.text) }

    @Sendable func wait(_: EchoWait, _: Call) async throws -> Text {
        await withTaskCancellationHandler {
            waiting.add()
            await gate.pass()
        } onCancel: {
            cancelled.open()
            gate.open()
        }
        try Task.checkCancellation()
        return Text(text: "waited")
    }

    @Sendable func fail(_ params: EchoFail, _: Call) async throws -> Text {
        struct Unexpected: Error { let secret = "secret" }
        if params.kind == "busy" { throw Problem(.busy, "Not now.", hint: "Later.", retryable: true) }
        throw Unexpected()
    }

    @Sendable func add(_ params: EchoAdd, _: Call) async throws -> Text {
        if let error = refusal.withLock({ $0.take() }) { throw error }
        let sum = sum.withLock { sum in
            sum += params.number
            return sum
        }
        if params.isSlow == true {
            waiting.add()
            await gate.pass()
        }
        return Text(text: "\(sum)")
    }

    @Sendable func pour(_: EchoPour, _ call: Call) async throws -> Text {
        try await add(EchoAdd(number: 1, isSlow: true), call)
    }

    @Sendable func pourOn(_: EchoPour, _: Call) async throws -> Text {
        if let error = refusal.withLock({ $0.take() }) { throw error }
        return Text(text: "\(sum.withLock { $0 }), gone on with")
    }

    @Sendable func stay(_: EchoStay, _: Call) async throws -> Text {
        await door.pass()
        return Text(text: "stayed")
    }

    @Sendable func fill(_ params: EchoFill, _: Call) async throws -> Text {
        filled.add()
        return Text(text: String(repeating: "x", count: params.bytes))
    }

    @Sendable func count(_ params: EchoCount, _ call: Call) async throws -> Text {
        for number in 1...max(params.to, 1) { call.progress("\(number)") }
        return Text(text: "done")
    }
}

/// Closed at first; once open, all pass.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = state.withLock { state in
            defer { state = (true, []) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

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

/// Counts up, and tells when it has come so far.
final class Counter: Sendable {
    private let state = Mutex<(count: Int, gates: [(at: Int, gate: Gate)])>((0, []))
    var count: Int { state.withLock { $0.count } }

    func add() {
        let reached = state.withLock { state in
            state.count += 1
            return state.gates.filter { $0.at <= state.count }
        }
        for (_, gate) in reached { gate.open() }
    }

    func reach(_ count: Int) async {
        let gate = Gate()
        let isThere = state.withLock { state in
            state.gates.append((count, gate))
            return state.count >= count
        }
        if isThere { gate.open() }
        await gate.pass()
    }
}

final class Steps: Sendable {
    private let steps = Mutex<[String]>([])
    func add(_ step: String) { steps.withLock { $0.append(step) } }
    var all: [String] { steps.withLock { $0 } }
}

/// A running echo agent.
final class EchoHost: Sendable {
    let agent = EchoAgent()
    private let path: String
    var stateDirectory: String { path + ".d" }
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let server = Mutex<AgentServer<any EchoAPI>?>(nil)
    private let clients = Mutex<[AgentClient]>([])

    init() {
        path = "/tmp/aquarium-echo-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    }

    func start() async throws {
        mkdir(stateDirectory, 0o700)
        let logger = Logger(label: "echo")
        let server = AgentServer(
            Echo.contract, agent: agent as any EchoAPI, operations: OperationStore(in: stateDirectory, logger: logger),
            logger: logger, group: group)
        try await server.start(listening: ListenSockets.make(at: path))
        self.server.withLock { $0 = server }
    }

    func restart() async throws {
        await server.withLock { $0 }?.stop(drain: .zero)
        try await start()
    }

    func client() -> AgentClient {
        let client = AgentClient(socketPath: path, group: group, logger: Logger(label: "echo"))
        clients.withLock { $0.append(client) }
        return client
    }

    func stop() async {
        for client in clients.withLock({ $0 }) { await client.close() }
        await server.withLock { $0 }?.stop(drain: .seconds(2))
        try? await group.shutdownGracefully()
        unlink(path)
        unlink(stateDirectory + "/operations.json")
        rmdir(stateDirectory)
    }

    func connect() throws -> RawSocket { try RawSocket(path) }

    /// Sends the lines, says that no more will come, and reads until the agent closes.
    func raw(_ text: String) async throws -> [String] {
        try await RawSocket(path).exchange(text).split(separator: "\n").map(String.init)
    }
}

func withEcho(_ body: (EchoHost) async throws -> Void) async throws {
    let echo = EchoHost()
    try await echo.start()
    do {
        try await body(echo)
    } catch {
        await echo.stop()
        throw error
    }
    await echo.stop()
}
