import CLaunch
import Glibc
import Testing

@testable import supervisor

struct NotifySocketTests {
    @Test("a message's assignments are understood, and others passed over")
    func parsing() {
        #expect(
            NotifyMessage(parsing: "READY=1\nSTATUS=serving = well\nMAINPID=1\nWATCHDOG=1\n")
                == NotifyMessage(isReady: true, isHeartbeat: true))
        #expect(NotifyMessage(parsing: "") == NotifyMessage())
        #expect(NotifyMessage(parsing: "READY=0\nWATCHDOG=trigger\n\n=\n\u{0}") == NotifyMessage())
    }

    @Test("of a flood of messages a bounded part is taken at once, the rest the next time")
    func flood() throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        try #require(notify_enable_sender(ends[0]) == 0)
        for _ in 0..<100 { try #require(send(ends[1], "READY=1", 7, CInt(MSG_DONTWAIT)) == 7) }
        let socket = NotifySocket(path: "", descriptor: ends[0])
        let first = socket.receive()
        #expect(first.count == NotifySocket.most)
        #expect(first.allSatisfy { $0.sender == getpid() && $0.message.isReady })
        #expect(socket.receive().count == 100 - NotifySocket.most)
        #expect(socket.receive().isEmpty)
    }
}
