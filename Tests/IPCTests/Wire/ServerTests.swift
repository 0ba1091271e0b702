import Glibc
import IPC
import Logging
import NIOCore
import NIOPosix
import Testing

/// A real server and real clients on a Unix socket.
@Suite struct ServerTests {
    @Test("a typed call comes back with its result")
    func typedCall() async throws {
        try await withEcho { echo in
            let answer = try await echo.client().call(EchoSay(text: "hello"))
            #expect(answer.text == "hello")
        }
    }

    @Test("calls on one connection run at the same time and are answered as they end")
    func concurrent() async throws {
        try await withEcho { echo in
            let client = echo.client()
            async let waiting = client.call(EchoWait())
            let first = try await client.call(EchoSay(text: "first"))
            echo.agent.open()
            let second = try await waiting
            #expect([first.text, second.text] == ["first", "waited"])
        }
    }

    @Test("a problem crosses the socket whole")
    func problem() async throws {
        try await withEcho { echo in
            let expected = Problem(.busy, "Not now.", hint: "Later.", retryable: true)
            await #expect(throws: expected) { try await echo.client().call(EchoFail(kind: "busy")) }
        }
    }

    @Test("an unexpected error is a bug with an incident, its detail kept back")
    func bug() async throws {
        try await withEcho { echo in
            do throws(Problem) {
                _ = try await echo.client().call(EchoFail(kind: "unexpected"))
                Issue.record("no problem")
            } catch {
                #expect(error.kind == .bug)
                #expect(error.incident != nil)
                #expect(!error.message.contains("secret"))
            }
        }
    }

    @Test("a deadline is answered by the agent although the method never ends")
    func deadline() async throws {
        try await withEcho { echo in
            let reply = try await echo.raw(#"{"id":1,"method":"echo.wait","meta":{"deadline_ms":20}}"#)
            #expect(reply.count == 1)
            #expect(reply.first?.contains("\"code\":-32003") == true, "\(reply)")
        }
    }

    @Test("a client that goes away cancels what it asked for")
    func fullClose() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            try socket.send(#"{"id":1,"method":"echo.wait"}"# + "\n")
            await echo.agent.untilWaiting()
            socket.end()
            await echo.agent.untilCancelled()
        }
    }

    @Test("no more than 32 calls of a connection run at once; the others wait in the socket and are answered later")
    func backPressure() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            let lines = (0..<40).map { #"{"id":\#($0),"method":"echo.wait"}"# }.joined(separator: "\n") + "\n"
            try socket.send(lines)
            await echo.agent.untilWaiting(32)
            // What comes on another connection is answered meanwhile.
            let answer = try await echo.client().call(EchoSay(text: "x"))
            #expect(answer.text == "x")
            #expect(echo.agent.waitingCount == 32)
            echo.agent.open()
            socket.finishSending()
            #expect(try await socket.readAll().split(separator: "\n").count == 40)
        }
    }

    @Test("a caller that is cancelled stops the method")
    func cancel() async throws {
        try await withEcho { echo in
            let client = echo.client()
            let task = Task { try await client.call(EchoWait()) }
            await echo.agent.untilWaiting()
            task.cancel()
            await echo.agent.untilCancelled()
            await #expect(throws: Problem.cancelled) { try await task.value }
        }
    }

    @Test("progress comes before the result")
    func progress() async throws {
        try await withEcho { echo in
            let steps = Steps()
            _ = try await echo.client().call(EchoCount(to: 3)) { steps.add($0.step) }
            #expect(steps.all == ["1", "2", "3"])
        }
    }

    @Test("a line typed by hand without id is answered with id null, and the connection is closed after half-close")
    func byHand() async throws {
        try await withEcho { echo in
            let reply = try await echo.raw(#"{"method":"echo.say","params":{"text":"x"}}"#)
            #expect(reply == [#"{"jsonrpc":"2.0","id":null,"result":{"text":"x"}}"#])
        }
    }

    @Test("a notification is never answered")
    func notification() async throws {
        try await withEcho { echo in
            let lines = [
                #"{"jsonrpc":"2.0","method":"echo.say","params":{"text":"x"}}"#,
                #"{"jsonrpc":"2.0","id":"a","method":"echo.say","params":{"text":"y"}}"#,
            ]
            let replies = try await echo.raw(lines.joined(separator: "\n"))
            #expect(replies == [#"{"jsonrpc":"2.0","id":"a","result":{"text":"y"}}"#])
        }
    }

    @Test(
        "a bad line is refused with its code, and the connection lives on",
        arguments: [
            (#"{"id":1,"method":"echo.say","params":{"text":1}}"#, -32602, "/text"),
            (#"{"id":1,"method":"echo.say","params":{"text":"x","more":1}}"#, -32602, "/more"),
            (#"{"id":1,"method":"echo.say","params":{}}"#, -32602, "/text"),
            (#"{"id":1,"method":"echo.say","params":["x"]}"#, -32602, ""),
            (#"{"id":1,"method":"no.such"}"#, -32601, nil),
            (#"{"id":1}"#, -32600, nil),
            (#"{"jsonrpc":"1.0","id":1,"method":"echo.say"}"#, -32600, nil),
            (#"{"id":{},"method":"echo.say"}"#, -32600, nil),
            (#"{"id":1,"method":"echo.say","meta":{"deadline_ms":-1}}"#, -32600, nil),
            (#"{"id":1,"method":"echo.say","meta":{"op":12345678901}}"#, -32600, nil),
            (#"{"id":1,"method":"echo.say","meta":{"request":{"a":1}}}"#, -32600, nil),
            (#"{"id":1,"method":"echo.count","params":{"to":1e999}}"#, -32700, nil),
            (#"{"id":1,"method":"rpc.discover","params":{"x":1}}"#, -32602, "/x"),
            (#"{"id":1,"id":2,"method":"echo.say"}"#, -32700, nil),
            ("nonsense", -32700, nil),
            (String(repeating: "[", count: 33), -32700, nil),
            ("{\"method\":\"\u{1}\"}", -32700, nil),
        ] as [(String, Int, String?)])
    func badLine(line: String, code: Int, pointer: String?) async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(line + "\n" + #"{"id":9,"method":"echo.say","params":{"text":"alive"}}"#)
            #expect(replies.count == 2)
            #expect(replies.first?.contains("\"code\":\(code)") == true, "\(replies)")
            if let pointer { #expect(replies.first?.contains("\"pointer\":\"\(pointer)\"") == true, "\(replies)") }
            #expect(replies.last == #"{"jsonrpc":"2.0","id":9,"result":{"text":"alive"}}"#)
        }
    }

    @Test("a request line that is too long is refused once and the connection closed")
    func tooLong() async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(String(repeating: "x", count: 2 << 20))
            #expect(replies.count == 1)
            #expect(replies.first?.contains("request.too_large") == true)
        }
    }

    @Test("rpc.discover lists every method with parameters, result and an example")
    func discover() async throws {
        try await withEcho { echo in
            let reply = try await echo.raw(#"{"method":"rpc.discover"}"#).first ?? ""
            for method in ["echo.say", "echo.wait", "echo.fail", "echo.count"] { #expect(reply.contains(method)) }
        }
    }

    @Test("an agent that does not exist is agent.unavailable, at once")
    func unavailable() async throws {
        let client = AgentClient(
            socketPath: "/nonexistent/socket", group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "t"))
        do throws(Problem) {
            _ = try await client.call(EchoSay(text: "x"))
            Issue.record("no problem")
        } catch {
            #expect(error.kind == .agentUnavailable)
        }
    }

    @Test("a client connects again after the agent was restarted; until it notices, its calls may be repeated")
    func reconnect() async throws {
        try await withEcho { echo in
            let client = echo.client()
            _ = try await client.call(EchoSay(text: "x"))
            try await echo.restart()
            for _ in 0..<3 {
                do throws(Problem) {
                    let answer = try await client.call(EchoSay(text: "y"))
                    #expect(answer.text == "y")
                    return
                } catch {
                    #expect(error.kind == .agentUnavailable && error.retryable)
                }
            }
            Issue.record("not connected again")
        }
    }
}
