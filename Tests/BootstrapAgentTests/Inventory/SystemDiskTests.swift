import IPC
import Testing

@testable import bootstrap_agent

@Suite struct SystemDiskTests {
    let node = NodeFixture()

    private func system() async -> [String] {
        await node.disks().filter(\.isSystem).map(\.path)
    }

    @Test("The disk of the partition that is mounted as root holds the system, and can't be used")
    func partition() async {
        let folder = node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.partition("sda2", of: folder, "8:2")
        node.disk("sdb", "8:16", files: ["device/serial": "B"])
        node.mount("8:2", at: "/")
        let disks = await node.disks()
        #expect(disks.map(\.isSystem) == [true, false])
        #expect(disks.map(\.reasons) == [["holds this machine's system"], []])
        #expect(node.runner.runs(of: "wipefs --no-act --json /dev/sda") == 0)
    }

    @Test("Root on LVM on two disks: both hold the system")
    func lvm() async {
        let first = node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.partition("sda3", of: first, "8:3")
        let second = node.disk("sdb", "8:16", files: ["device/serial": "B"])
        node.mapped("dm-0", "253:0", on: [("\(first)/sda3", "sda3"), (second, "sdb")])
        node.mapped("dm-1", "253:1", on: [("/sys/devices/virtual/block/dm-0", "dm-0")])
        node.mount("253:1", at: "/")
        #expect(await system() == ["/dev/sda", "/dev/sdb"])
    }

    @Test("Root on btrfs, whose number is made up: found by its source")
    func btrfs() async {
        let folder = node.disk("nvme0n1", "259:0", files: ["wwid": "eui.0025385"])
        node.partition("nvme0n1p2", of: folder, "259:2")
        node.mount("0:31", at: "/", source: "/dev/nvme0n1p2")
        #expect(await system() == ["/dev/nvme0n1"])
    }

    @Test("Swap through a device-mapper link holds the system")
    func swap() async {
        let folder = node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.mapped("dm-0", "253:0", on: [(folder, "sda")])
        node.write("/dev/dm-0", "")
        node.link("/dev/mapper/vg-swap", to: "/dev/dm-0")
        node.write("/proc/swaps", "Filename Type Size Used Priority\n/dev/mapper/vg-swap partition 1000 0 -2\n")
        #expect(await system() == ["/dev/sda"])
    }

    @Test("In a container with an overlay as root, the folders of its machine show the system disk, node or not")
    func container() async {
        node.disk("vda", "254:0", gibibytes: 256, files: ["serial": "X"], hasNode: false)
        node.disk("vdb", "254:16", files: ["serial": "Y"], hasNode: false)
        node.disk("loop0", "7:0", gibibytes: 8, files: ["loop/backing_file": "/var/lib/lab/n1/1.img"])
        node.write("/proc/self/mountinfo", Fixture.text("mountinfo-container"))
        let disks = await node.disks()
        #expect(disks.map(\.path) == ["/dev/loop0", "/dev/vda"])
        #expect(disks.map(\.isSystem) == [false, true])
        #expect(disks.map(\.isUsable) == [true, false])
    }
}
