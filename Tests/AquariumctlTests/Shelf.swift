import FoundationEssentials
import Glibc
import IPC
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import aquariumctl

// Contracts of the tests' own: the command line must be made of whatever is declared.

enum Shelf {
    static let contract = Contract<ShelfAgent>(
        "shelf", peers: [],
        [
            Endpoint(BooksList.self) { $0.list }, Endpoint(BooksPutAway.self) { $0.putAway },
            Endpoint(BooksRead.self) { $0.read }, Endpoint(SupervisorLogsLike.self) { $0.logs },
            Endpoint(DustCount.self) { $0.dust },
        ])
}

enum Attic {
    static let contract = Contract<ShelfAgent>("attic", peers: [], [Endpoint(DustCount.self) { $0.dust }])
}

enum Library: House {
    static var contracts: [ContractDescription] { [Shelf.contract.description, Attic.contract.description] }
}

struct Book: Codable, Sendable, Equatable {
    var title: String
    var sizeBytes: Int64
    var isLent: Bool
    var lentTo: String?
    var bought: Timestamp
}

struct BooksList: Operation {
    static let about = About("books.list", .read, "Lists the books.")
    struct Response: Codable, Sendable { var books: [Book] }
}

struct BooksPutAway: Operation {
    static let about = About(
        "books.put_away", .change, "Puts a book away.", role: .admin, errors: [.diskMoved, .busy])
    enum Side: String, Described, CaseIterable { case left, right }
    var title: HostName
    var lines: LineCount?
    var weight: Double?
    var side: Side?
    var isNew: Bool?
    var tags: [String]?
    var shelves: [Shelf]?
    /// Called as one of the command's own options is.
    var deadline: Int?

    struct Shelf: Codable, Sendable, Equatable { var floor: Int }
    /// What was asked for, as it came.
    struct Response: Codable, Sendable {
        var params: JSON
        var op: String
    }
}

struct BooksRead: Operation {
    static let about = About("books.read", .read, "Reads with progress, or fails.")
    var outcome: String?
    struct Response: Codable, Sendable { var pages: Int }
}

struct SupervisorLogsLike: Operation {
    static let about = About("supervisor.logs", .read, "Gives lines.")
    var name: String
    var lines: Int?
    var after: LogCursor?
    var waitMs: Int?
    typealias Response = SupervisorLogs.Response
}

struct DustCount: Operation {
    static let about = About("dust.count", .read, "Counts the dust.")
    struct Response: Codable, Sendable { var agent: String }
}

final class ShelfAgent: Sendable {
    let name: String
    private let restarts = Atomic(0)

    init(name: String) {
        self.name = name
    }

    @Sendable func list(_: BooksList, _: Call) async throws -> BooksList.Response {
        BooksList.Response(books: [
            Book(title: "Moby-Dick", sizeBytes: 1536, isLent: true, lentTo: "Ahab", bought: .example),
            Book(title: "A\u{1b}[2J", sizeBytes: 12, isLent: false, bought: .example),
        ])
    }

    @Sendable func putAway(_ params: BooksPutAway, _ call: Call) async throws -> BooksPutAway.Response {
        if params.title.text == "moved" {
            throw Problem(.diskMoved, "The shelf has moved.", hint: "Look for it.", pointer: "/title")
        }
        if params.title.text == "bug" { throw CancellationError() }
        return BooksPutAway.Response(
            params: try JSON(text: WireCoding.encode(params)), op: call.op?.text ?? "none")
    }

    @Sendable func read(_ params: BooksRead, _ call: Call) async throws -> BooksRead.Response {
        call.progress("page 1", fraction: 0.25)
        struct Torn: Error {}
        if params.outcome == "torn" { throw Torn() }
        return BooksRead.Response(pages: 4)
    }

    @Sendable func logs(_ params: SupervisorLogsLike, _: Call) async throws -> SupervisorLogsLike.Response {
        guard params.name == "orch" else { throw Problem(.childUnknown, "No such child.") }
        func answer(_ lines: [String], _ log: String, _ next: Int, missed: Int = 0, wasRestarted: Bool = false)
            -> SupervisorLogs.Response
        {
            .init(lines: lines, next: LogCursor(log: log, lines: next), missed: missed, wasRestarted: wasRestarted)
        }
        switch params.after?.text {
        case nil: return answer(["one", "two"], "a", 2)
        case "a-2": return answer(["after 2, at most \(params.waitMs ?? 0) ms"], "a", 8, missed: 5)
        case "a-8" where restarts.add(1, ordering: .relaxed).newValue < 3:
            throw Problem(.agentUnavailable, "It is away.", retryable: true)
        case "a-8": return answer(["after the restart"], "b", 1, wasRestarted: true)
        default: throw Problem(.childUnknown, "The end of the log.")
        }
    }

    @Sendable func dust(_: DustCount, _: Call) async throws -> DustCount.Response { .init(agent: name) }
}

/// Both agents on sockets in a folder of their own, under the names that the fixed verbs ask for, too.
func withLibrary(_ body: (String) async throws -> Void) async throws {
    let folder = "/tmp/aquarium-ctl-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    mkdir(folder, 0o700)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let servers = [("shelf", Shelf.contract), ("attic", Attic.contract), ("supervisor", Shelf.contract)].map {
        ($0, server(of: $1, named: $0, in: folder, on: group))
    }
    let outcome: Result<Void, any Error>
    do {
        for (name, server) in servers {
            try await server.start(listening: ListenSockets.make(at: "\(folder)/\(name).sock"))
        }
        outcome = .success(try await body(folder))
    } catch {
        outcome = .failure(error)
    }
    for (_, server) in servers { await server.stop(drain: .seconds(2)) }
    try await group.shutdownGracefully()
    try outcome.get()
}

private func server(
    of contract: Contract<ShelfAgent>, named name: String, in folder: String, on group: any EventLoopGroup
) -> AgentServer<ShelfAgent> {
    let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
    let state = "\(folder)/\(name)"
    mkdir(state, 0o700)
    return AgentServer(
        contract, agent: ShelfAgent(name: name), operations: OperationStore(in: state, logger: logger), logger: logger,
        group: group)
}

/// What one run of the program came to.
struct Run {
    let code: Int32
    let out: String
    let err: String

    init<Home: House>(_ home: Home.Type, _ arguments: [String], terminal: Bool = false) async {
        let (out, err) = (Captured(), Captured())
        code = await Invocation<Home>.run(arguments, on: .captured(out, err, terminal: terminal))
        (self.out, self.err) = (out.text, err.text)
    }

    /// Of the library.
    init(_ words: String, terminal: Bool = false, _ more: String...) async {
        await self.init(Library.self, words.split(separator: " ").map(String.init) + more, terminal: terminal)
    }
}

final class Captured: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func add(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

extension Console {
    static func captured(_ out: Captured, _ err: Captured, terminal: Bool = false) -> Console {
        Console(
            out: { out.add($0) }, err: { err.add($0) }, outIsTerminal: terminal, errIsTerminal: terminal,
            allowsColor: true, size: { (80, 24) })
    }

    /// For what only draws.
    static func plain() -> Console { captured(Captured(), Captured()) }
}
