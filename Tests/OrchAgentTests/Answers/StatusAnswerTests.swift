import IPC
import Testing

@testable import orch_agent

@Suite struct StatusAnswerTests {
    private func status(_ file: String = "status", of version: String) throws -> ClusterStatus.Response {
        ClusterStatus.Response(
            try CephStatus.parse(fixture(file, version)), versions: try Versions.parse(fixture("versions", version)),
            active: try MgrStat.parse(fixture("mgr_stat", version)),
            mgr: MgrView(services: try OrchLs.parse(fixture("orch_ls", version)), freshness: .fresh))
    }

    @Test("A healthy cluster of Ceph 16")
    func pacific() throws {
        let status = try status(of: "16.2.15")
        #expect(status.fsid == "404472a2-e68c-11f1-a181-26308b69d95c")
        #expect(status.health == Health(status: .ok, summary: "The cluster is healthy.", checks: []))
        #expect(status.monitors == Monitors(count: 2, quorum: ["n1", "n2"]))
        #expect(status.manager == Manager(isAvailable: true, activeName: "x", standbyCount: 1))
        #expect(status.osds == OSDCounts(total: 2, up: 2, in: 2))
        #expect(
            status.capacity
                == Capacity(totalBytes: 12_884_901_888, usedBytes: 608_886_784, availableBytes: 12_276_015_104))
        #expect(
            status.io
                == ClientIO(
                    readBytesPerSecond: 85, writeBytesPerSecond: 0, readOpsPerSecond: 0, writeOpsPerSecond: 0))
        #expect(status.placementGroups == [PlacementGroupCount(state: "active+clean", count: 193)])
        #expect(status.versions == ["16.2.15": 8])
        #expect(
            status.services == [
                ServiceCount(type: "mon", running: 2, expected: 2), ServiceCount(type: "mgr", running: 2, expected: 2),
                ServiceCount(type: "osd", running: 2, expected: 2), ServiceCount(type: "mds", running: 2, expected: 2),
                ServiceCount(type: "crash", running: 2, expected: 2),
                ServiceCount(type: "nfs", running: 1, expected: 1),
            ])
        #expect(status.freshness == .fresh)
    }

    @Test("A cluster of Ceph 18, whose load is zero and left out")
    func reef() throws {
        let status = try status(of: "18.2.7")
        #expect(status.manager.activeName == "n1.ulfddt")
        #expect(status.versions == ["18.2.7": 8])
        #expect(status.placementGroups.map(\.count) == [127, 49, 1])
        #expect(status.io.readBytesPerSecond == 0)
        #expect(status.capacity.totalBytes == 12_884_901_888)
    }

    @Test("Warnings are told with what they mean; a muted one stays visible but does not count")
    func warning() throws {
        let health = try status("status_warning", of: "16.2.15").health
        #expect(health.status == .warning)
        #expect(health.checks.map(\.code) == ["PG_AVAILABILITY", "OSD_DOWN", "OSDMAP_FLAGS"].sorted())
        #expect(health.checks.filter(\.isMuted).map(\.code) == ["OSDMAP_FLAGS"])
        #expect(health.checks.allSatisfy { $0.explanation != nil })
        #expect(health.checks.first { $0.code == "OSD_DOWN" }?.message == "1 osds down")
        #expect(health.summary == "The cluster works, but 2 things need attention.")
    }

    @Test("Errors come before warnings, and a status that nobody knows is not taken for good")
    func errors() throws {
        let json = #"""
            {"status":"HEALTH_NEW","checks":{
            "A_WARN":{"severity":"HEALTH_WARN","summary":{"message":"w","count":1},"muted":false},
            "Z_ERR":{"severity":"HEALTH_ERR","summary":{"message":"e","count":1}}}}
            """#
        let health = Health(try WireCoding.decode(CephStatus.Health.self, from: Array(json.utf8)))
        #expect(health.status == .error)
        #expect(health.checks.map(\.code) == ["Z_ERR", "A_WARN"])
        #expect(health.checks.map(\.explanation) == [nil, nil])
    }

    @Test(
        "A version's banner is cut to its number",
        arguments: [
            ("ceph version 20.2.4 (abc) tentacle (stable)", "20.2.4"),
            ("ceph version 16.2.15-1 (abc) pacific", "16.2.15-1"), ("something else", "something else"),
        ])
    func version(banner: String, short: String) {
        #expect(Versions.short(banner) == short)
    }
}
