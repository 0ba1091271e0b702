import IPC
import Testing

@testable import bootstrap_agent

@Suite struct AddressesTests {
    private func address(_ interface: String, _ text: String, _ prefixLength: Int) -> InterfaceAddress {
        InterfaceAddress(interface: interface, address: try! IPAddress(text), prefixLength: prefixLength)
    }

    @Test("Loopback, link-local and containers' addresses are left out")
    func leftOut() {
        let addresses = [
            address("lo", "127.0.0.1", 8), address("lo", "::1", 128), address("eth0", "169.254.3.4", 16),
            address("eth0", "fe80::1", 64), address("podman0", "10.88.0.1", 16), address("docker0", "172.17.0.1", 16),
            address("cni-podman0", "10.89.0.1", 16), address("veth12", "10.0.0.9", 24),
        ]
        #expect(InterfaceAddress.candidates(addresses, defaultInterface: nil).isEmpty)
    }

    @Test("The network is the address without its host part")
    func network() {
        let addresses = [
            address("eth0", "10.77.3.200", 22), address("eth1", "192.0.2.9", 32), address("eth2", "2001:db8:1:2:3::4", 60),
        ]
        let candidates = InterfaceAddress.candidates(addresses, defaultInterface: nil)
        #expect(candidates.map(\.network.text) == ["10.77.0.0/22", "192.0.2.9/32", "2001:db8:1::/60"])
        #expect(candidates.allSatisfy { $0.network.contains($0.address) })
    }

    @Test("The interface with the default route comes first, there IPv4")
    func order() {
        let addresses = [
            address("eth0", "10.0.0.1", 24), address("eth1", "2001:db8::1", 64), address("eth1", "192.0.2.1", 24),
        ]
        let candidates = InterfaceAddress.candidates(addresses, defaultInterface: "eth1")
        #expect(candidates.map(\.address.text) == ["192.0.2.1", "2001:db8::1", "10.0.0.1"])
    }

    @Test("The default route with the least metric counts")
    func defaultRoute() {
        let node = NodeFixture()
        #expect(InterfaceAddress.defaultInterface(in: node.tree) == nil)
        node.write("/proc/net/route", Fixture.text("proc-net-route"))
        #expect(InterfaceAddress.defaultInterface(in: node.tree) == "eth0")
        node.write(
            "/proc/net/route",
            """
            Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
            wlan0 00000000 0100A8C0 0003 0 0 600 00000000 0 0 0
            eth9 00000000 0100A8C0 0003 0 0 100 00000000 0 0 0
            eth9 0000A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0
            """)
        #expect(InterfaceAddress.defaultInterface(in: node.tree) == "eth9")
    }

    @Test("This machine's own addresses can be read")
    func own() {
        #expect(InterfaceAddress.all().contains { $0.address.text == "127.0.0.1" && $0.prefixLength == 8 })
    }
}
