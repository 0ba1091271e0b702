import Glibc
import IPC
import NIOCore
import Testing

@testable import supervisor

struct CrashLoopDeskTests {
    private let problem = Problem(.agentCrashLoop, String(repeating: "It crashes. ", count: 20))

    private func desk(_ listener: CInt) -> CrashLoopDesk {
        CrashLoopDesk(listener: listener, language: .lines(Orch.contract.description))
    }

    /// A listening socket and a connection to it, in a folder that is gone again.
    private func sockets() throws -> (listener: CInt, client: CInt) {
        var template = Array("/tmp/aquarium-test-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let path = folder + "/desk"
        defer {
            unlink(path)
            rmdir(folder)
        }
        func make(_ use: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt) throws -> CInt {
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            try #require(try #require(SocketAddress(unix: path)).use { use(descriptor, $0, $1) } == 0)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            return descriptor
        }
        let listener = try make { bind($0, $1, $2) == 0 ? listen($0, 16) : -1 }
        return (listener, try make { connect($0, $1, $2) })
    }

    @Test("who asks for more than it reads gets every answer whole, and is not read on before it has taken them")
    func slowReader() throws {
        let (listener, client) = try sockets()
        var desk = desk(listener)
        defer {
            desk.close()
            close(client)
            close(listener)
        }
        let count = 6000
        var request = Array((0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"m"}"# + "\n" }.joined().utf8)[
            ...]
        var (reply, hasStalled, hasEnded): ([UInt8], Bool, Bool) = ([], false, false)
        for turn in 0..<100_000 where !hasEnded {
            let sent = request.withUnsafeBytes { send(client, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            request = request.dropFirst(max(sent, 0))
            if request.isEmpty { shutdown(client, CInt(SHUT_WR)) }
            desk.serve(Set(desk.readable + desk.writable)) { _ in problem }
            // It begins to read when nothing goes on any more.
            if turn > 1000 {
                hasStalled = hasStalled || !desk.writable.isEmpty
                var buffer = [UInt8](repeating: 0, count: 5000)
                let count = recv(client, &buffer, buffer.count, 0)
                reply += buffer[..<max(count, 0)]
                hasEnded = count == 0
            }
        }
        #expect(hasStalled && hasEnded)
        let lines = String(decoding: reply, as: UTF8.self).split(separator: "\n")
        #expect(lines.map { $0.dropFirst(22).prefix { $0 != "," } } == (0..<count).map { "\($0)" })
        #expect(lines.allSatisfy { $0.hasSuffix("}}}") })
        #expect(desk.readable == [listener] && desk.writable == [])
    }

    @Test("a head is found however it comes in, once, and one that does not end ends the conversation")
    func page() {
        var page = PageStandIn()
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        for byte in head.dropLast() { #expect(page.answer([byte]).replies.readableBytes == 0) }
        #expect(page.answer([head.last!]).replies.readableBytes > 0)
        #expect(page.answer(head).replies.readableBytes == 0)
        var endless = PageStandIn()
        let goesOn = (0..<40).map { _ in endless.answer(Array(repeating: 13, count: 1 << 10)).goesOn }
        #expect(goesOn.firstIndex(of: false) == 31)
    }
}
