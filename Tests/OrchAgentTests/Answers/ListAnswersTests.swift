import IPC
import Testing

@testable import orch_agent

@Suite struct ListAnswersTests {
    static let versions = ["16.2.15", "18.2.7"]

    @Test("Hosts", arguments: versions)
    func hosts(version: String) throws {
        let hosts = try OrchHostLs.parse(fixture("orch_host_ls", version)).map(Host.init)
        #expect(
            hosts == [
                Host(name: "n1", address: "10.77.0.1", labels: ["_admin"], status: ""),
                Host(name: "n2", address: "10.77.0.2", labels: [], status: ""),
            ])
    }

    @Test("Devices, whose size Ceph writes as a fraction", arguments: versions)
    func devices(version: String) throws {
        let hosts = try OrchDeviceLs.parse(fixture("orch_device_ls", version))
        let device = Device(try #require(hosts[0].devices.first), on: hosts[0].name)
        let seenAt = try Timestamp(version == "16.2.15" ? "2026-11-22T15:50:07.449856Z" : "2026-11-22T17:22:16.552769Z")
        #expect(
            device
                == Device(
                    host: "n1", path: "/dev/loop0", sizeBytes: 6_442_450_944, type: "hdd", vendor: nil, model: nil,
                    isAvailable: false, rejectedReasons: ["Has BlueStore device label", "Has a FileSystem"],
                    seenAt: seenAt))
    }

    @Test("Daemons; a memory use of 0 is one that podman could not tell", arguments: versions)
    func daemons(version: String) throws {
        let daemons = try OrchPs.parse(fixture("orch_ps", version)).map(Daemon.init)
        #expect(daemons.count == 11)
        #expect(daemons.allSatisfy { $0.status == "running" && $0.memoryBytes == nil && $0.startedAt != nil })
        let mon = try #require(daemons.first { $0.name == "mon.n1" })
        #expect((mon.type, mon.host, mon.version) == ("mon", "n1", version))
    }

    @Test("OSDs with their host and their use in bytes", arguments: versions)
    func osds(version: String) throws {
        let osds = OSD.list(
            try OSDDf.parse(fixture("osd_df_tree", version)), states: try OSDDump.parse(fixture("osd_dump", version)))
        #expect(osds.map(\.id) == [0, 1])
        #expect(osds.map(\.host) == ["n1", "n2"])
        #expect(osds.allSatisfy { $0.isUp && $0.isIn && $0.deviceClass == "hdd" })
        #expect(osds[0].totalBytes == 6_442_450_944)
        #expect(osds[0].usedBytes == (version == "16.2.15" ? 304_443_392 : 28_184_576))
        #expect(osds[0].placementGroups == (version == "16.2.15" ? 193 : 177))
    }

    @Test("An OSD that is down and out")
    func downOSD() throws {
        let osds = OSD.list(
            try OSDDf.parse(fixture("osd_df_tree_down")), states: try OSDDump.parse(fixture("osd_dump_down")))
        #expect(osds.map(\.isUp) == [true, false])
        #expect(osds.map(\.isIn) == [true, false])
        #expect(osds.map(\.deviceClass) == [nil, nil])
        #expect(osds[1].totalBytes == 0)
    }

    @Test("What the monitors say of an OSD holds, although the mgr's statistics are older")
    func monitorsKnowBetter() throws {
        let osds = OSD.list(
            try OSDDf.parse(fixture("osd_df_tree")), states: try OSDDump.parse(fixture("osd_dump_down")))
        #expect(osds.map(\.isUp) == [true, false])
        #expect(osds[1].totalBytes == 6_442_450_944)
    }

    @Test("Log entries", arguments: versions)
    func log(version: String) throws {
        let entries = try LogLast.parse(fixture("log_last_cephadm", version)).map(LogEntry.init)
        #expect(entries.allSatisfy { $0.channel == "cephadm" })
        #expect(entries.filter { $0.level != .info }.count == (version == "16.2.15" ? 0 : 1))
        let first = try #require(entries.first)
        #expect(first.at.text == (version == "16.2.15" ? "2026-11-22T15:49:29.856Z" : "2026-11-22T17:21:40.302Z"))
        #expect(first.source == (version == "16.2.15" ? "mgr.n1.oeofwm" : "mgr.n1.ulfddt"))
    }

    @Test("A health check in the log is a warning")
    func logLevel() throws {
        let entries = try LogLast.parse(fixture("log_last_cluster")).map(LogEntry.init)
        #expect(entries.map(\.level) == [.warning, .warning])
        #expect(entries[1].message == "Health check failed: 1 osds down (OSD_DOWN)")
    }
}
