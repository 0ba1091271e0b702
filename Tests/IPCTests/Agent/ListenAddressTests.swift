import IPC
import Testing

struct ListenAddressTests {
    @Test("it is one address and a port, with brackets around IPv6")
    func valid() throws {
        let four = try ListenAddress("192.0.2.7:8080")
        #expect(four.address.text == "192.0.2.7")
        #expect(four.port == 8080)
        let six = try ListenAddress("[::1]:0")
        #expect(six.address.text == "::1")
        #expect(six.port == 0)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:+80", "127.0.0.1:70000",
            "[127.0.0.1]:80", "::1:80", "[::1]", "[:80", "[]:80", "localhost:80", "0:80", "127.1:80", "[fe80::1%lo]:80",
        ])
    func malformed(_ text: String) {
        #expect { try ListenAddress(text) } throws: { ($0 as? InvalidValue)?.reason.contains("127.0.0.1:8080") == true }
    }

    @Test(
        "what stands for all of the machine's addresses is refused, and why is said",
        arguments: [
            "0.0.0.0:8080", "[::]:8080", "[0:0::0]:80", "[::0.0.0.0]:80", "[::ffff:0.0.0.0]:80", "[::ffff:0:0]:0",
        ])
    func wildcard(_ text: String) {
        #expect { try ListenAddress(text) } throws: { ($0 as? InvalidValue)?.reason.contains("no accounts") == true }
    }
}
