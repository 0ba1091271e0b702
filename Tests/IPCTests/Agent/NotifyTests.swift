import Glibc
import Testing

@testable import IPC

struct NotifyTests {
    @Test(
        "the service manager hears what is said, at a path or an abstract name",
        arguments: ["/tmp/aquarium-notify-", "@aquarium-notify-"])
    func heard(prefix: String) throws {
        let path = prefix + "\(getpid())"
        let address = try #require(UnixAddress(path))
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        try #require(address.use { bind(descriptor, $0, $1) } == 0)
        Notify.send("READY=1", to: path)
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = recv(descriptor, &bytes, bytes.count, CInt(MSG_DONTWAIT))
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "READY=1")
    }

    @Test(
        "the watchdog's time counts when it is this process's",
        arguments: [
            (["WATCHDOG_USEC": "5000000"], 5), (["WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "\(getpid())"], 5),
            (["WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"], nil), (["WATCHDOG_USEC": "0"], nil), ([:], nil),
        ] as [([String: String], Int?)])
    func watchdog(variables: [String: String], seconds: Int?) {
        #expect(Notify.watchdogInterval { variables[$0] } == seconds.map { .seconds($0) })
    }
}
