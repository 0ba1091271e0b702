import FoundationEssentials
import Glibc
import IPC
import Testing

/// A key (`op`) and what it keeps from happening twice, over real sockets.
@Suite struct OperationStoreTests {
    private static let meta = Meta(op: try! OperationKey("key-one-1"))

    private func add(_ number: Int, to echo: EchoHost, _ meta: Meta = meta) async throws -> String {
        try await echo.client().call(EchoAdd(number: number), meta: meta).text
    }

    private func kind(_ echo: EchoHost, _ operation: EchoAdd) async -> Problem.Kind? {
        do throws(Problem) {
            _ = try await echo.client().call(operation, meta: Self.meta)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("the same key adds once, whoever asks and however often; another key adds again")
    func once() async throws {
        try await withEcho { echo in
            for _ in 1...3 {
                #expect(try await add(5, to: echo) == "5")
            }
            let other = Meta(op: try OperationKey("key-two-2"))
            #expect(try await add(5, to: echo, other) == "10")
            #expect(try await add(5, to: echo, Meta()) == "15")
            #expect(await kind(echo, EchoAdd(number: 6)) == .opConflict)
        }
    }

    @Test("the order in which the parameters stand does not matter")
    func canonical() async throws {
        try await withEcho { echo in
            let replies = try await echo.raw(
                #"{"id":1,"method":"echo.add","params":{"number":5,"is_slow":false},"meta":{"op":"key-one-1"}}"# + "\n"
                    + #"{"id":2,"method":"echo.add","params":{"is_slow": false,"number":5},"meta":{"op":"key-one-1"}}"#)
            #expect(replies.count == 2 && replies.allSatisfy { $0.contains(#""text":"5""#) }, "\(replies)")
        }
    }

    @Test("it goes on when its caller has gone, and whoever asks again gets its outcome")
    func callerGone() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            let line = #"{"id":1,"method":"echo.add","params":{"number":5,"is_slow":true},"meta":{"op":"key-one-1"}}"#
            try socket.send(line + "\n")
            await echo.agent.untilWaiting()
            socket.end()
            async let again = echo.client().call(EchoAdd(number: 5, isSlow: true), meta: Self.meta)
            echo.agent.open()
            let answer = try await again
            #expect(answer.text == "5")
            #expect(try await add(0, to: echo, Meta()) == "5")
        }
    }

    @Test("another process gives the first one's result")
    func restarted() async throws {
        try await withEcho { echo in
            #expect(try await add(5, to: echo) == "5")
            try await echo.restart()
            #expect(try await add(5, to: echo) == "5")
            #expect(try await add(0, to: echo, Meta()) == "5")
        }
    }

    @Test("what ran when the process died is not run again, and not called done")
    func died() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            let line = #"{"id":1,"method":"echo.add","params":{"number":5,"is_slow":true},"meta":{"op":"key-one-1"}}"#
            try socket.send(line + "\n")
            await echo.agent.untilWaiting()
            try await echo.restart()
            #expect(await kind(echo, EchoAdd(number: 5, isSlow: true)) == .opInterrupted)
            #expect(try await add(0, to: echo, Meta()) == "5")
            echo.agent.open()
            socket.end()
        }
    }

    @Test("what ran when the process died goes on where it can, done once, and its outcome is kept")
    func resumed() async throws {
        try await withEcho { echo in
            let socket = try echo.connect()
            try socket.send(#"{"id":1,"method":"echo.pour","meta":{"op":"key-one-1"}}"# + "\n")
            await echo.agent.untilWaiting()
            try await echo.restart()
            // It can't go on yet: the key stays what it is.
            echo.agent.refuseNext(with: NotBegun(Problem(.agentUnavailable, "It stops.")))
            await #expect(throws: Problem(.agentUnavailable, "It stops.")) {
                _ = try await echo.client().call(EchoPour(), meta: Self.meta)
            }
            for _ in 1...2 {
                let answer = try await echo.client().call(EchoPour(), meta: Self.meta)
                #expect(answer.text == "1, gone on with")
            }
            try await echo.restart()
            #expect(try await echo.client().call(EchoPour(), meta: Self.meta).text == "1, gone on with")
            #expect(try await add(0, to: echo, Meta()) == "1")
            echo.agent.open()
            socket.end()
        }
    }

    @Test("nothing is done whose beginning can't be stored; when it can, the same key works")
    func unwritable() async throws {
        try await withEcho { echo async throws in
            let file = echo.stateDirectory + "/operations.json"
            // A folder in the place of the new file: what keeps even root from writing.
            #expect(mkdir(file + ".new", 0o700) == 0)
            #expect(await kind(echo, EchoAdd(number: 5)) == .stateUnwritable)
            #expect(rmdir(file + ".new") == 0)
            #expect(try await add(5, to: echo) == "5")
        }
    }

    @Test("what was refused before it began leaves its key as good as new, also for another process")
    func notBegun() async throws {
        try await withEcho { echo in
            echo.agent.refuseNext(with: NotBegun(Problem(.agentUnavailable, "It stops.")))
            #expect(await kind(echo, EchoAdd(number: 5)) == .agentUnavailable)
            try await echo.restart()
            #expect(try await add(5, to: echo) == "5")
            #expect(try await add(5, to: echo) == "5")
        }
    }

    @Test("what failed on its way stays failed under its key")
    func failed() async throws {
        try await withEcho { echo in
            echo.agent.refuseNext(with: Problem(.busy, "Half done."))
            #expect(await kind(echo, EchoAdd(number: 5)) == .busy)
            try await echo.restart()
            #expect(await kind(echo, EchoAdd(number: 5)) == .busy)
        }
    }

    @Test("a file that can't be read is set aside, and what comes is served")
    func unreadable() async throws {
        try await withEcho { echo in
            let file = echo.stateDirectory + "/operations.json"
            #expect(FileManager.default.createFile(atPath: file, contents: Data("garbage".utf8)))
            try await echo.restart()
            #expect(try await add(5, to: echo) == "5")
            #expect(FileManager.default.contents(atPath: file + ".unreadable") == Data("garbage".utf8))
            unlink(file + ".unreadable")
        }
    }
}
