import Glibc
import Testing

@testable import IPC

struct ListenSocketsTests {
    private let pid = "\(getpid())"

    @Test("sockets are found by their names, from fd 3")
    func found() {
        let variables = ["LISTEN_PID": pid, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "orch:http"]
        #expect(ListenSockets.named { variables[$0] } == ["orch": 3, "http": 4])
    }

    @Test(
        "what is meant for another process, or makes no sense, is passed over",
        arguments: [
            [:], ["LISTEN_PID": "1"], ["LISTEN_FDS": "0", "LISTEN_FDNAMES": ""], ["LISTEN_FDS": "2"],
            ["LISTEN_FDS": "one"], ["LISTEN_FDS": "-1"],
        ] as [[String: String]])
    func passedOver(changes: [String: String]) {
        let good = ["LISTEN_PID": pid, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "orch"]
        let variables = changes.isEmpty ? [:] : good.merging(changes) { $1 }
        #expect(ListenSockets.named { variables[$0] } == [:])
    }
}
