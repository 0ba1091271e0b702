import Testing

@testable import bootstrap_agent

@Suite struct HostsFileTests {
    private let debian = "127.0.0.1\tlocalhost\n127.0.1.1\tn1.example n1\n\n# IPv6\n::1 localhost\n"

    @Test("adds one line, before the name's other address, and takes exactly that away again") func roundTrip() {
        let added = HostsFile(debian).adding(address: "10.0.0.1", name: "n1")
        #expect(added.text == "10.0.0.1 n1 # aquarium\n" + debian)
        #expect(added.removing().text == debian)
    }

    @Test("adds nothing twice, and replaces its own line") func again() {
        let once = HostsFile(debian).adding(address: "10.0.0.1", name: "n1")
        #expect(once.adding(address: "10.0.0.1", name: "n1") == once)
        #expect(once.adding(address: "10.0.0.2", name: "n2").text == "10.0.0.2 n2 # aquarium\n" + debian)
    }

    @Test("leaves a file alone that has the name", arguments: ["10.0.0.1 x n1\n", "10.0.0.1\tn1 # mine\n"])
    func known(_ text: String) {
        #expect(HostsFile(text).adding(address: "10.0.0.1", name: "n1").text == text)
    }

    @Test("does not mistake a part for a name", arguments: ["10.0.0.1 n10\n", "10.0.0.11 n1\n", "# 10.0.0.1 n1\n", ""])
    func parts(_ text: String) {
        #expect(HostsFile(text).adding(address: "10.0.0.1", name: "n1").text == "10.0.0.1 n1 # aquarium\n" + text)
    }
}
