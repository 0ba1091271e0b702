import IPC
import Testing

@testable import bootstrap_agent

@Suite struct DiskIdentityTests {
    let node = NodeFixture()

    private func ids() async -> [String?] { await node.disks().map { $0.id?.text } }

    @Test("The world-wide name is the best of udev's links; names of what is built on a disk don't count")
    func links() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        for link in ["ata-ST8000_ZA1", "dm-name-x", "lvm-pv-uuid-y", "scsi-SATA_ST8000_ZA1", "wwn-0x5000c500a1b2c3d4"] {
            node.byID(link, "sda")
        }
        node.byID("wwn-0x5000c500a1b2c3d4-part1", "sda1")
        #expect(await ids() == ["wwn-0x5000c500a1b2c3d4"])
    }

    @Test("A world-wide name that is not the one the kernel knows is not believed")
    func staleLink() async {
        node.disk("sda", "8:0", files: ["device/wwid": "naa.5000c500a1b2c3d4"])
        node.byID("wwn-0x5000c500ffffffff", "sda")
        node.byID("ata-ST8000_ZA1", "sda")
        #expect(await ids() == ["ata-ST8000_ZA1"])
        node.byID("wwn-0x5000C500a1b2c3d4", "sda")
        #expect(await ids() == ["wwn-0x5000C500a1b2c3d4"])
        node.disk("sdb", "8:16", files: ["device/wwid": "t10.ATA ST8000"])
        node.byID("wwn-0x5000c500a1b2c3d5", "sdb")
        #expect(await ids().last == "wwn-0x5000c500a1b2c3d5")
    }

    @Test("Without udev the drive's own serial number, made fit for a name")
    func serial() async {
        node.disk("nvme0n1", "259:0", files: ["wwid": "eui.0025385"])
        node.disk("sda", "8:0", files: ["device/serial": "  WD 12/34  "])
        #expect(await ids() == ["serial-eui.0025385", "serial-WD-12-34"])
    }

    @Test("A loop device is known by its file; the end of a long path is kept")
    func loop() async throws {
        let folder = String(repeating: "/long", count: 60)
        node.disk("loop0", "7:0", files: ["loop/backing_file": "/srv/disks/1.img"])
        node.disk("loop1", "7:1", files: ["loop/backing_file": "\(folder)/2.img"])
        let ids = await ids()
        #expect(ids[0] == "loop-srv-disks-1.img")
        let long = try #require(ids[1])
        #expect(long.utf8.count == 255 && long.hasPrefix("loop") && long.hasSuffix("/2.img".replacing("/", with: "-")))
    }

    @Test("Two disks of the same name: neither can be used")
    func duplicate() async {
        node.disk("sda", "8:0", files: ["device/serial": "SAME"])
        node.disk("sdb", "8:16", files: ["device/serial": "SAME"])
        node.disk("sdc", "8:32", files: ["device/serial": "OTHER"])
        #expect(await node.disks().map(\.isUsable) == [false, false, true])
        #expect(await node.disks().first?.reasons == ["can't be told from another disk of the same name or serial number"])
    }

    @Test(
        "One drive under two names: neither can be used; units and namespaces of one drive are told apart",
        arguments: [
            (["device/wwid": "naa.5000c500a1"], ["device/wwid": "naa.5000c500a1"], false),
            (["device/serial": "S1"], ["device/serial": "S1"], false),
            (["device/serial": "S1", "device/wwid": "naa.5000c500a1"], ["device/serial": "S1"], false),
            (["device/serial": "S1", "wwid": "eui.01"], ["device/serial": "S1", "wwid": "eui.02"], true),
            (["device/serial": "S1"], ["device/serial": "S1", "size": "40000000"], true),
        ])
    func paths(_ first: [String: String], _ second: [String: String], areUsable: Bool) async {
        node.disk("sda", "8:0", files: first)
        node.disk("sdb", "8:16", files: second)
        node.byID("scsi-first", "sda")
        node.byID("scsi-second", "sdb")
        #expect(await node.disks().map(\.isUsable) == [areUsable, areUsable])
    }

    @Test("A disk that nothing tells from others has no id and can't be used")
    func anonymous() async {
        node.disk("sda", "8:0")
        #expect(await ids() == [nil])
        #expect(await node.disks().first?.reasons == ["has no serial number or other lasting name"])
    }
}
