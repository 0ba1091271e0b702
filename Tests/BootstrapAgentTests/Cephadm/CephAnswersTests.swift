import FoundationEssentials
import Testing

@testable import bootstrap_agent

@Suite struct CephAnswersTests {
    private func read<T: Decodable>(_ type: T.Type, _ name: String, _ version: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(Fixture.text("cephadm/\(name)-\(version).json").utf8))
    }

    @Test("are read as two releases write them", arguments: [("16.2.15", 193), ("18.2.7", 49)])
    func releases(_ version: String, _ activeGroups: Int) throws {
        let status = try read(CephStatus.self, "status", version)
        #expect(status.mgrmap.available && status.osdmap.num_up_osds == 2)
        // Of the second, most were still being made.
        #expect(status.pgmap.activeCount == activeGroups)
        #expect(try read([OrchestratorHost].self, "orch-host-ls", version).map(\.hostname) == ["n1", "n2"])
        #expect(
            try read([OrchestratorDevices].self, "orch-device-ls", version).first?.devices.first?.available == false)
        #expect(try read(OSDDump.self, "osd-dump", version).osds.map(\.up) == [1, 1])
        #expect(try read([OSDMetadata].self, "osd-metadata", version).map(\.devices).count == 2)
        let config = try read([ConfigEntry].self, "config-dump", version)
        #expect(
            config.contains { $0.name == "mgr/cephadm/use_repo_digest" && $0.section == "mgr" && $0.value == "false" })
    }

    @Test("tell which disks carry an OSD of a cluster") func raw() throws {
        let osds = try read([String: RawOSD].self, "raw-list", "16.2.15").values
        #expect(osds.map(\.device) == ["/dev/loop0"] && osds.map(\.osd_id) == [0])
    }
}
