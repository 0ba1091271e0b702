import IPC
import Testing

@testable import bootstrap_agent

@Suite struct ToolAnswersTests {
    @Test("gather-facts of both releases", arguments: ["gather-facts-16.2.15.json", "gather-facts-18.2.7.json"])
    func gatherFacts(name: String) throws {
        let facts = try GatherFacts.parse(Fixture.text(name))
        #expect(facts.cpuThreads == 2)
        #expect(facts.memoryKB == 24_684_092)
    }

    @Test("cephadm ls, empty and with a cluster")
    func list() async {
        let runner = FakeRunner()
        runner.answer("cephadm ls --no-detail", "[]\n")
        #expect(await runner.answer(to: Cephadm.list) == .some([]))
        runner.answer("cephadm ls --no-detail", Fixture.text("cephadm-ls-18.2.7.json"))
        let daemons = await runner.answer(to: Cephadm.list).value ?? []
        #expect(Set(daemons.map(\.fsid)) == ["2400fe32-e699-11f1-a58d-2a4ec5786fe4"])
    }

    @Test("ceph-volume inventory: an OSD's disk is refused, a blank one isn't")
    func cephVolume() throws {
        let used = try CephVolumeInventory.parse(Fixture.text("ceph-volume-inventory-16.2.15.json"))
        #expect(
            used.words(against: "/dev/loop0")
                == ["is rejected by Ceph: Has a FileSystem", "is rejected by Ceph: Has BlueStore device label"])
        let blank = try CephVolumeInventory.parse(Fixture.text("ceph-volume-inventory-16.2.15-blank.json"))
        #expect(blank.rejections == ["/dev/loop0": [], "/dev/loop1": []])
    }

    @Test("A refusal without a reason is still one")
    func noReason() throws {
        let report = try CephVolumeInventory.parse(#"[{"path": "/dev/sda", "available": false, "new": 1}]"#)
        #expect(report.words(against: "/dev/sda") == ["is rejected by Ceph: no reason given"])
    }

    @Test("wipefs: blank in both ways, and each kind once")
    func wipefs() {
        #expect(Signatures.parse("") == .found([]))
        #expect(Signatures.parse(Fixture.text("wipefs-blank.json")) == .found([]))
        #expect(Signatures.parse(Fixture.text("wipefs-gpt.json")) == .found(["gpt", "PMBR"]))
        #expect(Signatures.parse("sda: oops") == .unknown(reason: "wipefs said something that can't be understood"))
    }

    @Test("systemctl show: an alias counts once")
    func units() {
        let units = SystemdUnit.parse(Fixture.text("systemctl-show.txt"))
        #expect(units.first == SystemdUnit(name: "chrony.service", isActive: true, isEnabled: true))
        #expect(units.filter(\.isActive).count == 1 && units.count == 6)
    }

    @Test("The listening ports of both families; a connection is none")
    func ports() {
        let node = NodeFixture()
        node.write("/proc/net/tcp", Fixture.text("proc-net-tcp"))
        node.write(
            "/proc/net/tcp6",
            """
              sl  local_address remote_address st
               0: 00000000000000000000000000000000:1A85 00000000000000000000000000000000:0000 0A 0
               1: 00000000000000000000000000000000:0CE4 00000000000000000000000000000000:9999 01 0
            """)
        #expect(Ports.listening(in: node.tree) == [22, 6789])
    }

    @Test("A tool that fails is quoted with its last line; one that can't be started is named")
    func failing() async {
        let runner = FakeRunner()
        let command = InventoryCommand.gatherFacts
        #expect(await runner.answer(to: command, { $0 }) == .none("/usr/sbin/cephadm can't be started"))
        runner.answer("cephadm gather-facts", "", exitCode: 1, errorOutput: "Traceback\nERROR: no\n")
        #expect(await runner.answer(to: command, { $0 }) == .none("ERROR: no"))
        runner.answer("cephadm gather-facts", "{")
        #expect(
            await runner.answer(to: command, GatherFacts.parse)
                == .none("/usr/sbin/cephadm said something that can't be understood"))
    }
}
