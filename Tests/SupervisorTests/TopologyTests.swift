import IPC
import Testing

@testable import gateway
@testable import supervisor

struct TopologyTests {
    private let topology: Topology

    init() throws {
        topology = Topology.appliance(try SupervisorOptions.parse([]))
    }

    @Test("every process that is called is a child or the supervisor, and its contract expects the caller")
    func conversations() throws {
        for child in topology.children {
            for called in child.mayCall {
                let contract = try #require(Contracts.all.first { $0.name == called })
                #expect(contract.peers.contains { $0.rawValue == child.name }, "\(child.name) → \(called)")
            }
        }
    }

    @Test("no contract lets a peer in that the topology doesn't know to call it")
    func noOtherConversations() {
        for contract in Contracts.all {
            let callers = topology.children.filter { $0.mayCall.contains(contract.name) }.map(\.name)
            #expect(Set(callers + ["root"]) == Set(contract.peers.map(\.rawValue)), "\(contract.name)")
        }
    }

    @Test("a child's Unix socket is where its contract says")
    func sockets() {
        for child in topology.children {
            guard case .unix(let name) = child.socket else { continue }
            #expect(Contracts.all.contains { $0.name == name && $0.socketName == name + ".sock" })
        }
    }

    @Test("only the bootstrap-agent is root, and no other has a capability")
    func privileges() {
        for child in topology.children where child.name != "bootstrap" {
            #expect(child.user == .service("aquarium-" + child.name, capabilities: []))
        }
    }

    @Test("stopping takes no longer than systemd waits, even when each child needs all its time")
    func stopIsBounded() {
        func depth(_ name: String) -> Int {
            1
                + (topology.children.first { $0.name == name }?.mayCall ?? [])
                .filter { called in topology.children.contains { $0.name == called } }.map(depth).max(or: 0)
        }
        let longest = topology.children.map { depth($0.name) }.max(or: 0)
        #expect(ChildDriver.Limits.stop * longest < ChildDriver.Limits.stopAll)
    }

    @Test("a gateway that hands over finishes what it serves before it would be killed")
    func drain() {
        #expect(Gateway.drain + .seconds(1) <= ChildDriver.Limits.drain)
    }
}

extension [Int] {
    fileprivate func max(or other: Int) -> Int { self.max() ?? other }
}
