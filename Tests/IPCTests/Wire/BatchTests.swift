import FoundationEssentials
import IPC
import Testing

/// Arrays of requests on one line, on a real server.
@Suite struct BatchTests {
    private static func say(_ id: String, _ text: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"echo.say","params":{"text":"\#(text)"}}"#
    }

    @Test("the replies to a batch come as one array, refusals among them, nothing for notifications")
    func mixed() async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(
                "[" + Self.say("1", "a") + #",7,{"jsonrpc":"2.0","method":"echo.say","params":{"text":"n"}},"#
                    + #"{"jsonrpc":"2.0","id":2,"method":"no.such"}]"#)
            #expect(replies.count == 1)
            let reply = replies.first ?? ""
            #expect(reply.hasPrefix("[") && reply.hasSuffix("]"))
            #expect(reply.contains(#"{"jsonrpc":"2.0","id":1,"result":{"text":"a"}}"#))
            #expect(reply.contains(#""id":null,"error":{"code":-32600"#))
            #expect(reply.contains(#""id":2,"error":{"code":-32601"#))
            #expect(reply.components(separatedBy: "jsonrpc").count == 4)
        }
    }

    @Test("a batch of notifications alone is not answered, whatever is wrong with them")
    func notifications() async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(
                #"[{"jsonrpc":"2.0","method":"no.such"},{"jsonrpc":"2.0","method":"echo.say","params":[1]}]"# + "\n"
                    + Self.say("9", "alive"))
            #expect(replies == [#"{"jsonrpc":"2.0","id":9,"result":{"text":"alive"}}"#])
        }
    }

    @Test(
        "an array that is no batch gets one error, and the connection lives on",
        arguments: [
            ("[]", -32600), ("[1,", -32700),
            ("[" + Array(repeating: "1", count: 257).joined(separator: ",") + "]", -32001),
        ])
    func refused(line: String, code: Int) async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(line + "\n" + Self.say("9", "alive"))
            #expect(replies.count == 2)
            #expect(
                replies.first?.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":\#(code)"#) == true, "\(replies)")
        }
    }

    @Test("of a large batch no more run at once than of single calls")
    func backPressure() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            let calls = (0..<200).map { #"{"id":\#($0),"method":"echo.wait"}"# }
            try socket.send("[" + calls.joined(separator: ",") + "]\n")
            await echo.agent.untilWaiting(32)
            #expect(try await echo.client().call(EchoSay(text: "x")).text == "x")
            #expect(echo.agent.waitingCount == 32)
            echo.agent.open()
            socket.finishSending()
            #expect(try await socket.readAll().components(separatedBy: #""result":{"text":"waited"}"#).count == 201)
        }
    }

    @Test("a cancelled call of a batch is answered as such, and the others as if alone")
    func cancelled() async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(
                #"[{"id":1,"method":"echo.wait"},{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}},"#
                    + Self.say("2", "b") + "]")
            #expect(replies.count == 1)
            #expect(replies.first?.contains(#""id":1,"error":{"code":-32004"#) == true, "\(replies)")
            #expect(replies.first?.contains(#""result":{"text":"b"}"#) == true)
        }
    }
}
