import Glibc
import IPC
import Testing

@testable import supervisor

/// With real sockets, and the test in place of systemd.
struct KeptSocketsTests {
    private let front = ChildSpec(name: "front", program: "front", user: .root, socket: .tcp("http"), mayCall: [])
    private let agent = ChildSpec(name: "agent", program: "agent", user: .root, socket: .unix("agent"), mayCall: [])

    private func withFolder(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/aquarium-test-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer {
            for name in ["agent", "supervisor", "notify"] { unlink("\(folder)/\(name).sock") }
            rmdir(folder)
        }
        try body(folder)
    }

    private func sockets(
        _ folder: String, _ kept: [String: CInt] = [:], listen: String = "127.0.0.1:0"
    ) throws -> Sockets {
        try Sockets(for: [front, agent], in: folder, listen: listen, group: nil, kept: KeptSockets(kept))
    }

    private func close(_ sockets: Sockets) {
        for descriptor in sockets.listeners.values { Glibc.close(descriptor) }
        Glibc.close(sockets.supervisor)
        Glibc.close(sockets.notify.descriptor)
    }

    @Test("what is made is given to systemd to keep; what it has kept is served on, and not given again")
    func recovery() throws {
        try withFolder { folder in
            let first = try sockets(folder)
            let (http, unix) = (try #require(first.listeners["front"]), try #require(first.listeners["agent"]))
            #expect(
                first.changes == [.store("http", http), .store("agent", unix), .store("supervisor", first.supervisor)])
            // Its next life gets them, under whatever numbers.
            let kept = ["http": dup(http), "agent": dup(unix), "supervisor": dup(first.supervisor)]
            close(first)
            let second = try sockets(folder, kept)
            defer { close(second) }
            #expect(second.listeners == ["front": kept["http"], "agent": kept["agent"]])
            #expect(second.supervisor == kept["supervisor"])
            #expect(second.changes == [])
        }
    }

    @Test("a kept socket that is not what is wanted now is dropped: another address, no file, no listener, no child")
    func dropped() throws {
        try withFolder { folder in
            let first = try sockets(folder)
            let elsewhere = dup(try #require(first.listeners["front"]))
            let fileless = dup(try #require(first.listeners["agent"]))
            close(first)
            unlink(folder + "/agent.sock")
            let deaf = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            let kept = ["http": elsewhere, "agent": fileless, "supervisor": deaf, "old": dup(deaf)]
            let second = try sockets(folder, kept, listen: "127.0.0.2:0")
            defer { close(second) }
            let drops = second.changes.filter { if case .drop = $0 { true } else { false } }
            #expect(drops == [.drop("http"), .drop("agent"), .drop("supervisor"), .drop("old")])
            #expect(second.changes.count == drops.count + 3)
            let front = try #require(second.listeners["front"])
            #expect(second.changes.prefix(2) == [.drop("http"), .store("http", front)])
        }
    }

    @Test("the page moves to another address and only then; one that can't be had changes nothing")
    func moved() throws {
        try withFolder { folder in
            var own = try sockets(folder)
            defer { close(own) }
            let before = own.listeners
            try own.move(to: "127.0.0.1:0")
            #expect(own.changes == [])
            #expect(throws: SocketFailure.self) { try own.move(to: "192.0.2.7:0") }
            #expect(own.listeners == before)
            try own.move(to: "127.0.0.2:0")
            let new = try #require(own.listeners["front"])
            #expect(own.changes == [.drop("http"), .store("http", new)])
            let wanted = SocketAddress(try ListenAddress("127.0.0.2:0"))
            #expect(SocketAddress(listening: new)?.isSame(as: wanted, anyPort: true) == true)
            #expect(own.listeners["agent"] == before["agent"])
        }
    }

    @Test("systemd is told in its own words")
    func notifications() {
        let store = KeptSockets.Change.store("http", 7).notification
        #expect(store.message == "FDSTORE=1\nFDNAME=http\nFDPOLL=0")
        #expect(store.descriptor == 7)
        let drop = KeptSockets.Change.drop("http").notification
        #expect(drop.message == "FDSTOREREMOVE=1\nFDNAME=http")
        #expect(drop.descriptor == nil)
    }
}
