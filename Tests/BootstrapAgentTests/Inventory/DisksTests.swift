import IPC
import Testing

@testable import bootstrap_agent

@Suite struct DisksTests {
    let node = NodeFixture()

    @Test("A blank disk can be used, and is described")
    func blank() async throws {
        node.disk("sda", "8:0", files: ["device/vendor": "ATA     ", "device/model": "Samsung SSD 870", "device/serial": "S5Y"])
        let disk = try #require(await node.disks().first)
        #expect(disk.isUsable && !disk.isSystem && disk.reasons.isEmpty)
        #expect(disk.path == "/dev/sda" && disk.sizeBytes == 100 << 30 && disk.isRotational)
        #expect(disk.vendor == "ATA" && disk.model == "Samsung SSD 870" && disk.serial == "S5Y")
    }

    @Test("A disk that is too small, removable or read-only can't be used, and says why")
    func properties() async throws {
        node.disk(
            "sda", "8:0", gibibytes: 4, files: ["removable": "1", "ro": "1", "device/serial": "A"])
        let disk = try #require(await node.disks().first)
        #expect(
            disk.reasons == ["is too small: 4.0 GiB of at least 5.0 GiB", "is removable", "is read-only"])
    }

    @Test("What is on a disk makes it unusable", arguments: [
        ("wipefs-ext4.json", "has a file system or other data (ext4)"),
        ("wipefs-bluestore.json", "has data of a Ceph OSD (BlueStore)"),
    ])
    func content(fixture: String, reason: String) async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text(fixture))
        #expect(await node.disks().map(\.reasons) == [[reason]])
    }

    @Test("A disk with partitions lists them, and its table once of each kind")
    func partitions() async {
        let folder = node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.partition("sda1", of: folder, "8:1")
        node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text("wipefs-gpt.json"))
        #expect(
            await node.disks().map(\.reasons)
                == [["has partitions: sda1", "has a partition table (gpt)", "has a partition table (PMBR)"]])
    }

    @Test("A disk whose content nobody could read is not taken for a blank one")
    func unreadable() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.runner.answer(
            "wipefs --no-act --json /dev/sda", "", exitCode: 1, errorOutput: "wipefs: error: /dev/sda: I/O error\n")
        #expect(
            await node.disks().map(\.reasons)
                == [["what is on it can't be read: wipefs: error: /dev/sda: I/O error"]])
    }

    @Test("A disk that somebody holds, or that something is built on, is in use")
    func held() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.probe.hold("/dev/sda")
        let folder = node.disk("sdb", "8:16", files: ["device/serial": "B"])
        node.mapped("dm-0", "253:0", on: [(folder, "sdb")])
        #expect(
            await node.disks().map(\.reasons)
                == [["is in use by the system or a program"], ["is in use by dm-0"]])
    }

    @Test("Data mounted elsewhere makes a disk used, not the system's")
    func mounted() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.mount("8:0", at: "/srv/old\\040data")
        let disks = await node.disks()
        #expect(disks.map(\.reasons) == [["is in use: mounted at /srv/old data"]])
        #expect(disks.map(\.isSystem) == [false])
    }

    @Test("What is no disk, has no size or no node is left out")
    func leftOut() async {
        for name in ["ram0", "zram0", "sr0", "md0", "dm-3", "nbd0", "rbd0", "mmcblk0boot0"] {
            node.disk(name, "9:\(name.count)\(name.utf8.first!)", files: ["serial": name])
        }
        node.disk("sda", "8:0", gibibytes: 0)
        node.disk("sdb", "8:16", hasNode: false)
        node.disk("loop0", "7:0")
        node.disk("nvme0c0n1", "259:7", files: ["hidden": "1"])
        #expect(await node.disks().isEmpty)
    }

    @Test("A node of that name with another number is another device")
    func staleNode() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"], hasNode: false)
        node.probe.addNode("/dev/sda", "8:16")
        #expect(await node.disks().isEmpty)
    }

    @Test("Ceph's own objections count where this node has none")
    func rejections() async throws {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        let facts = try #require(await node.facts().first)
        let report = try CephVolumeInventory.parse(#"[{"path": "/dev/sda", "rejected_reasons": ["locked"]}]"#)
        #expect(facts.disk(rejections: report.words(against: "/dev/sda")).reasons == ["is rejected by Ceph: locked"])
        #expect(facts.disk(rejections: report.words(against: "/dev/sdb")).isUsable)
    }
}
