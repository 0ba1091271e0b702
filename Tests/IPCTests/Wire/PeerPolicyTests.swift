import Testing

@testable import IPC

@Suite struct PeerPolicyTests {
    private let policy = PeerPolicy(allowed: [.root, .gateway], classes: [0: .root, 900: .gateway, 901: .orch])

    @Test("a known and allowed peer is told by its uid")
    func known() throws {
        #expect(try policy.classify(uid: 900, pid: 5).get() == Peer(class: .gateway, uid: 900, pid: 5))
    }

    @Test("a stranger and an agent that the contract does not name are refused", arguments: [901, 1000] as [UInt32])
    func refused(uid: UInt32) {
        #expect(throws: Problem.self) { try policy.classify(uid: uid, pid: 5).get() }
    }
}
