import IPC
import Testing

@Suite struct ValuesTests {
    /// What tries to be an option, a path, or a shell word instead of a value.
    static let hostile = [
        "", "-x", "--help", "a b", "a;b", "$(id)", "`id`", "a\nb", "a\u{0}b", "../../etc", "a|b", "a>b", "'a'", "\"a\"",
        "a&b", "10.0.0.1\0x", "10.0.0.1\0/24", "10.0.0.1\n",
    ]

    @Test("hostile text is no host name, address, network, image, server, disk or key", arguments: hostile)
    func hostileText(text: String) {
        #expect(throws: InvalidValue.self) { try HostName(text) }
        #expect(throws: InvalidValue.self) { try IPAddress(text) }
        #expect(throws: InvalidValue.self) { try Network(text) }
        #expect(throws: InvalidValue.self) { try ImageReference(text) }
        #expect(throws: InvalidValue.self) { try ServerName(text) }
        #expect(throws: InvalidValue.self) { try DiskID(text) }
        #expect(throws: InvalidValue.self) { try DevicePath(text) }
        #expect(throws: InvalidValue.self) { try DevicePath("/dev/" + text) }
        #expect(throws: InvalidValue.self) { try OperationKey(text) }
        #expect(throws: InvalidValue.self) { try Timestamp(text) }
        #expect(throws: InvalidValue.self) { try LogCursor(text) }
    }

    @Test(
        "host names are single labels",
        arguments: ["localhost", "LocalHost", "a.b", "-a", "a-", "ä", String(repeating: "a", count: 64)])
    func badHostName(text: String) {
        #expect(throws: InvalidValue.self) { try HostName(text) }
    }

    @Test("good values are taken as they are")
    func good() throws {
        #expect(try HostName("n1-a").text == "n1-a")
        #expect(try IPAddress("fe80::1").isIPv6)
        #expect(try ImageReference("localhost/ceph:16").text == "localhost/ceph:16")
        #expect(try ImageReference("reg.example:5000/a/b@sha256:00ff").text.hasPrefix("reg"))
        #expect(try ServerName("0.debian.pool.ntp.org").text == "0.debian.pool.ntp.org")
        #expect(try DevicePath("/dev/nvme0n1").text == "/dev/nvme0n1")
        #expect(try LogCursor("3w5e11264sgsf-7") == LogCursor(log: "3w5e11264sgsf", lines: 7))
        #expect(try DiskID("wwn-0x5000c500a1b2c3d4").text.hasPrefix("wwn"))
    }

    @Test("a network knows its addresses")
    func network() throws {
        let network = try Network("10.77.0.0/22")
        #expect(network.contains(try IPAddress("10.77.3.255")))
        #expect(!network.contains(try IPAddress("10.77.4.0")))
        #expect(!network.contains(try IPAddress("fe80::1")))
        #expect(throws: InvalidValue.self) { try Network("10.0.0.0/33") }
        #expect(try Network("::/0").contains(IPAddress("fe80::1")))
    }

    @Test("times are read with and without fractions and zones, and written in UTC")
    func timestamp() throws {
        #expect(try Timestamp("2026-11-22T17:00:00+02:00") == Timestamp("2026-11-22T15:00:00Z"))
        #expect(try Timestamp("2026-11-22T15:00:00.250Z").text == "2026-11-22T15:00:00.250Z")
    }
}
