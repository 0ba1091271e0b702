import Glibc
import IPC
import Logging
import NIOCore
import NIOPosix
import Testing

/// The examples of JSON-RPC 2.0, section 7 (https://www.jsonrpc.org/specification), on a real server. One thing differs
/// on purpose: an agent takes parameters by name only, so examples with positions are refused, or are given names here.
@Suite struct StandardExamplesTests {
    private static let invalid = #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600"#
    private static let malformed = #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700"#

    @Test("a call with positional parameters is refused, with its id")
    func positional() async throws {
        let replies = try await replies(#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#)
        #expect(replies.count == 1)
        #expect(replies.first?.hasPrefix(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602"#) == true, "\(replies)")
    }

    @Test(
        "a call with named parameters, in any order",
        arguments: [
            (#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#, 3),
            (#"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#, 4),
        ])
    func named(line: String, id: Int) async throws {
        #expect(try await replies(line) == [#"{"jsonrpc":"2.0","id":\#(id),"result":19}"#])
    }

    @Test(
        "a notification is not answered, not even one of an unknown method or with positional parameters",
        arguments: [
            #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
            #"{"jsonrpc": "2.0", "method": "update", "params": {"values": [1,2,3,4,5]}}"#,
            #"{"jsonrpc": "2.0", "method": "foobar"}"#,
        ])
    func notification(line: String) async throws {
        #expect(try await replies(line) == [])
    }

    @Test("a call of a method that is not there")
    func unknownMethod() async throws {
        let replies = try await replies(#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#)
        #expect(replies.count == 1)
        #expect(replies.first?.hasPrefix(#"{"jsonrpc":"2.0","id":"1","error":{"code":-32601"#) == true, "\(replies)")
    }

    @Test(
        "what is not JSON, and what is no request",
        arguments: [
            (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, malformed),
            (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, invalid),
            (#"[ {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method" ]"#,
             malformed),
            ("[]", invalid),
        ])
    func refused(line: String, reply: String) async throws {
        let replies = try await replies(line)
        #expect(replies.count == 1)
        #expect(replies.first?.hasPrefix(reply) == true, "\(replies)")
    }

    @Test("a batch of what is no request gets one refusal for each", arguments: [("[1]", 1), ("[1,2,3]", 3)])
    func invalidBatch(line: String, count: Int) async throws {
        let replies = try await replies(line)
        #expect(replies.count == 1)
        #expect(replies.first?.hasPrefix("[" + Self.invalid) == true, "\(replies)")
        #expect((replies.first ?? "").components(of: Self.invalid) == count)
    }

    @Test("a batch of calls, notifications and mistakes")
    func mixedBatch() async throws {
        let replies = try await replies(
            """
            [{"jsonrpc": "2.0", "method": "sum", "params": {"values": [1,2,4]}, "id": "1"}, \
            {"jsonrpc": "2.0", "method": "notify_hello", "params": {"values": [7]}}, \
            {"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": "2"}, \
            {"foo": "boo"}, \
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}, \
            {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]
            """)
        #expect(replies.count == 1)
        let reply = replies.first ?? ""
        #expect(reply.hasPrefix("[") && reply.hasSuffix("]"))
        #expect(reply.components(of: #""jsonrpc":"2.0""#) == 5)
        #expect(reply.contains(#"{"jsonrpc":"2.0","id":"1","result":7}"#))
        #expect(reply.contains(#"{"jsonrpc":"2.0","id":"2","result":19}"#))
        #expect(reply.contains(Self.invalid))
        #expect(reply.contains(#"{"jsonrpc":"2.0","id":"5","error":{"code":-32601"#))
        #expect(reply.contains(#"{"jsonrpc":"2.0","id":"9","result":["hello",5]}"#))
    }

    @Test("a batch of notifications is not answered")
    func notificationBatch() async throws {
        let replies = try await replies(
            """
            [{"jsonrpc": "2.0", "method": "notify_sum", "params": {"values": [1,2,4]}}, \
            {"jsonrpc": "2.0", "method": "notify_hello", "params": {"values": [7]}}]
            """)
        #expect(replies == [])
    }

    /// What comes back, line by line, until the agent closes.
    private func replies(_ line: String) async throws -> [String] {
        let path = "/tmp/aquarium-standard-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        mkdir(path + ".d", 0o700)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let logger = Logger(label: "standard")
        let server = AgentServer(
            Standard.contract, agent: StandardAgent(),
            operations: OperationStore(in: path + ".d", logger: logger), logger: logger, group: group)
        try await server.start(listening: ListenSockets.make(at: path))
        let replies: Result<String, any Error>
        do {
            replies = .success(try await RawSocket(path).exchange(line + "\n"))
        } catch {
            replies = .failure(error)
        }
        await server.stop(drain: .seconds(2))
        try await group.shutdownGracefully()
        unlink(path)
        rmdir(path + ".d")
        return try replies.get().split(separator: "\n").map(String.init)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}

// The methods that the examples call.

private enum Standard {
    static let contract = Contract<StandardAgent>(
        "standard", peers: [],
        [
            Endpoint(Subtract.self) { agent in agent.subtract }, Endpoint(Sum.self) { agent in agent.sum },
            Endpoint(Update.self) { agent in agent.update }, Endpoint(NotifySum.self) { agent in agent.notifySum },
            Endpoint(NotifyHello.self) { agent in agent.notifyHello },
            Endpoint(GetData.self) { agent in agent.getData },
        ])
}

private struct Subtract: IPC.Operation {
    static let about = About("subtract", .read, "Subtracts.")
    typealias Response = Int
    var minuend: Int
    var subtrahend: Int
}

private struct Sum: IPC.Operation {
    static let about = About("sum", .read, "Adds up.")
    typealias Response = Int
    var values: [Int]
}

private struct Update: IPC.Operation {
    static let about = About("update", .read, "Takes values.")
    typealias Response = Int
    var values: [Int]
}

private struct NotifySum: IPC.Operation {
    static let about = About("notify_sum", .read, "Takes values.")
    typealias Response = Int
    var values: [Int]
}

private struct NotifyHello: IPC.Operation {
    static let about = About("notify_hello", .read, "Takes values.")
    typealias Response = Int
    var values: [Int]
}

private struct GetData: IPC.Operation {
    static let about = About("get_data", .read, "Gives data.")
    typealias Response = JSON
}

private struct StandardAgent: Sendable {
    @Sendable func subtract(_ params: Subtract, _: Call) async throws -> Int { params.minuend - params.subtrahend }
    @Sendable func sum(_ params: Sum, _: Call) async throws -> Int { params.values.reduce(0, +) }
    @Sendable func update(_ params: Update, _: Call) async throws -> Int { params.values.count }
    @Sendable func notifySum(_ params: NotifySum, _: Call) async throws -> Int { params.values.count }
    @Sendable func notifyHello(_ params: NotifyHello, _: Call) async throws -> Int { params.values.count }
    @Sendable func getData(_: GetData, _: Call) async throws -> JSON { ["hello", 5] }
}
