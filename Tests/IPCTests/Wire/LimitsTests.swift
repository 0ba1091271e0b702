import FoundationEssentials
import IPC
import Testing

/// What a peer could use up, each with the refusal and the life after it.
@Suite struct LimitsTests {
    private static let alive = #"{"id":9,"method":"echo.say","params":{"text":"alive"}}"#
    private static let answer = #"{"jsonrpc":"2.0","id":9,"result":{"text":"alive"}}"#

    @Test(
        "of a client that never reads no more is begun than a little over a mebibyte of answers; it may still read all")
    func neverReads() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            let (calls, size) = (100, 256 << 10)
            for id in 0..<calls {
                try socket.send(#"{"id":\#(id),"method":"echo.fill","params":{"bytes":\#(size)}}"# + "\n")
            }
            await echo.agent.untilFilled(3)
            // What comes on another connection is answered meanwhile, again and again.
            let client = echo.client()
            for _ in 0..<50 { _ = try await client.call(EchoSay(text: "x")) }
            #expect(echo.agent.filledCount * size < 4 << 20, "\(echo.agent.filledCount) answers are held")
            socket.finishSending()
            #expect(try await socket.readAll().utf8.count { $0 == UInt8(ascii: "\n") } == calls)
        }
    }

    @Test("256 connections are taken; one more gets one line and is closed, until there is room again")
    func connections() async throws {
        try await withEcho { echo async throws in
            var open: [RawSocket] = []
            for _ in 0..<256 { open.append(try echo.connect()) }
            // The last one is taken when it is answered.
            try open[255].send(Self.alive + "\n")
            #expect(try await open[255].readLine() == Self.answer)
            let refused = try echo.connect()
            #expect(try await refused.readAll().contains(#""kind":"busy""#))
            refused.end()
            for _ in 0..<20 {
                let kind = await #expect(throws: Problem.self) { try await echo.client().call(EchoSay(text: "x")) }?.kind
                #expect(kind == .busy, "a caller is told what the agent has said")
            }
            open.removeLast().end()
            var tries = 0
            while try await echo.raw(Self.alive) != [Self.answer], tries < 500 {
                tries += 1
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(tries < 500, "there is no room again")
            for socket in open { socket.end() }
        }
    }

    @Test("half-close means no more requests: those that came are answered, the last even without an end of line")
    func halfClose() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            try socket.send(#"{"id":1,"method":"echo.wait"}"# + "\n" + Self.alive)
            socket.finishSending()
            await echo.agent.untilWaiting()
            echo.agent.open()
            let replies = try await socket.readAll().split(separator: "\n").sorted()
            #expect(
                replies == [#"{"jsonrpc":"2.0","id":1,"result":{"text":"waited"}}"#, Substring(Self.answer)].sorted())
        }
    }

    @Test("bytes that are no UTF-8 are refused, also inside the params, and the connection lives on")
    func invalidUTF8() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            for bytes: [UInt8] in [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]] {
                try socket.send(
                    Array(#"{"id":1,"method":"echo.say","params":{"text":""#.utf8) + bytes + Array("\"}}\n".utf8))
                #expect(try await socket.readLine().contains("\"code\":-32700"), "\(bytes)")
            }
            try socket.send(Self.alive + "\n")
            #expect(try await socket.readLine() == Self.answer)
            socket.end()
        }
    }

    @Test("an answer that is larger than a reply may be is told as such, and the connection lives on")
    func hugeAnswer() async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(
                #"{"id":1,"method":"echo.fill","params":{"bytes":17000000}}"# + "\n" + Self.alive)
            #expect(replies.count == 2 && replies.first?.contains("larger than a reply may be") == true)
            #expect(replies.last == Self.answer)
        }
    }

    @Test("answers that are together larger than a reply may be are told apart from those that fit")
    func hugeBatch() async throws {
        try await withEcho { echo in
            let calls = (0..<4).map { #"{"id":\#($0),"method":"echo.fill","params":{"bytes":6000000}}"# }
            let replies = try await echo.raw("[" + calls.joined(separator: ",") + "]\n" + Self.alive)
            #expect(replies.count == 2)
            let batch = replies.first { $0.hasPrefix("[") } ?? ""
            #expect(batch.utf8.count < 16 << 20)
            #expect(batch.components(separatedBy: "request.too_large").count == 3)
        }
    }

    @Test("an id that is used again gets its own call's answer, though the method of the one before still runs")
    func idReuse() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            try socket.send(#"{"id":1,"method":"echo.stay","meta":{"deadline_ms":20}}"# + "\n")
            #expect(try await socket.readLine().contains("\"code\":-32003"))
            try socket.send(#"{"id":1,"method":"echo.wait"}"# + "\n")
            await echo.agent.untilWaiting()
            echo.agent.leave()
            try socket.send(Self.alive + "\n")
            #expect(try await socket.readLine() == Self.answer)
            echo.agent.open()
            #expect(try await socket.readLine() == #"{"jsonrpc":"2.0","id":1,"result":{"text":"waited"}}"#)
            socket.end()
        }
    }

    @Test("a client that goes away cancels its notifications too")
    func notificationsAreCancelled() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            try socket.send(#"{"jsonrpc":"2.0","method":"echo.wait"}"# + "\n")
            await echo.agent.untilWaiting()
            socket.end()
            await echo.agent.untilCancelled()
        }
    }

    @Test("with as many calls under way as may be, one of them and one that waits can be cancelled")
    func cancelAtTheLimit() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            for id in 0..<34 { try socket.send(#"{"id":"c\#(id)","method":"echo.wait"}"# + "\n") }
            await echo.agent.untilWaiting(32)
            for id in [33, 0] {
                try socket.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"c\#(id)"}}"# + "\n")
                let reply = try await socket.readLine()
                #expect(reply.contains(#""id":"c\#(id)","error":{"code":-32004"#), "\(reply)")
            }
            socket.finishSending()
            #expect(try await socket.readAll().components(separatedBy: "waited").count == 33)
        }
    }
}
