import Glibc
import IPC
import Testing

@testable import aquariumctl

@Suite struct UnixSocketTests {
    @Test("no socket: is the service running?")
    func absent() {
        let problem = UnixSocket.whyUnreachable("/nonexistent/x.sock")
        #expect(problem?.message == "There is no socket /nonexistent/x.sock.")
        #expect(problem?.hint?.contains("aquarium.service") == true)
    }

    @Test("a socket that nobody listens on any more")
    func refused() throws {
        let path = "/tmp/aquarium-ctl-refused-\(getpid()).sock"
        close(try ListenSockets.make(at: path))
        defer { unlink(path) }
        #expect(UnixSocket.whyUnreachable(path)?.message == "Nobody listens on \(path): connection refused.")
    }

    @Test("a path that no socket can have is refused, not cut off")
    func tooLong() {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        #expect(UnixSocket.whyUnreachable(path)?.message.contains("too long") == true)
    }

    @Test("a socket that is listened on is no problem")
    func reachable() async throws {
        try await withLibrary { folder in #expect(UnixSocket.whyUnreachable(folder + "/shelf.sock") == nil) }
    }
}
