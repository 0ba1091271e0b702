import Testing

@testable import orch_agent

@Suite struct ClusterAccessTests {
    private let folder: TemporaryFolder
    private let access: ClusterAccess

    init() throws {
        folder = try TemporaryFolder()
        access = ClusterAccess(stateDirectory: folder.path, logger: silentLogger) { _ in
            ClusterConnection(pool: BlockingPool(limit: 1), logger: silentLogger) { () throws(RadosError) in
                FakeCeph([:])
            }
        }
    }

    @Test("The cluster is there when both files are, and gone when one is removed")
    func comesAndGoes() throws {
        #expect(throws: OrchFailure.absent) { try access.current() }
        try folder.write("[global]", to: "ceph.conf")
        #expect(throws: OrchFailure.absent) { try access.current() }
        try folder.write("[client.aquarium]", to: "ceph.client.aquarium.keyring")
        _ = try access.current()
        try folder.remove("ceph.conf")
        #expect(throws: OrchFailure.absent) { try access.current() }
    }

    @Test("The connection is kept while the files stay the same, and another one made when one is replaced")
    func replaced() throws {
        try folder.write("[global]", to: "ceph.conf")
        try folder.write("[client.aquarium]", to: "ceph.client.aquarium.keyring")
        let first = try access.current()
        #expect(try access.current() === first)
        try folder.write("[global]", to: "ceph.conf")
        #expect(try access.current() !== first)
    }
}
