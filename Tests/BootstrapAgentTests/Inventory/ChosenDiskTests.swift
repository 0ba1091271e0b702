import IPC
import Testing

@testable import bootstrap_agent

@Suite struct ChosenDiskTests {
    let node = NodeFixture()
    let chosen = ChosenDisk(
        id: try! DiskID("serial-A"), path: try! DevicePath("/dev/sda"), sizeBytes: 100 << 30)

    private func kind(_ chosen: ChosenDisk) async -> Problem.Kind? {
        do {
            #expect(try await node.inventory().device(for: chosen) == chosen.path.text)
            return nil
        } catch {
            return (error as? Problem)?.kind
        }
    }

    @Test("The disk that was chosen is found again")
    func found() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        #expect(await kind(chosen) == nil)
    }

    @Test("A device name that moved is refused, though the disk is there")
    func moved() async {
        node.disk("sda", "8:0", files: ["device/serial": "B"])
        node.disk("sdb", "8:16", files: ["device/serial": "A"])
        #expect(await kind(chosen) == .diskMoved)
    }

    @Test("Another disk under the same name is refused")
    func replaced() async {
        node.disk("sda", "8:0", files: ["device/serial": "B"])
        #expect(await kind(chosen) == .diskMoved)
    }

    @Test("A disk of another size is refused")
    func resized() async {
        node.disk("sda", "8:0", gibibytes: 50, files: ["device/serial": "A"])
        #expect(await kind(chosen) == .diskMoved)
    }

    @Test("A disk that has been taken into use is refused with the reason")
    func taken() async throws {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text("wipefs-bluestore.json"))
        let problem = await #expect(throws: Problem.self) { try await node.inventory().device(for: chosen) }
        #expect(problem?.kind == .diskUnusable)
        #expect(
            problem?.message
                == "The disk serial-A at /dev/sda can't be used: it has data of a Ceph OSD (BlueStore).")
    }

    @Test("The system disk is refused, whatever was chosen")
    func system() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.mount("8:0", at: "/")
        #expect(await kind(chosen) == .diskUnusable)
    }

    @Test("A disk that has been begun is found under any name and with anything on it")
    func begun() async throws {
        node.disk("sdb", "8:16", files: ["device/serial": "A"])
        node.runner.answer("wipefs --no-act --json /dev/sdb", Fixture.text("wipefs-bluestore.json"))
        #expect(try await node.inventory().path(of: chosen) == "/dev/sdb")
    }

    private func refusalToErase() async -> String? {
        do {
            #expect(try await node.inventory().pathToErase(chosen, of: Self.fsid) == "/dev/sda")
            return nil
        } catch {
            return (error as? Problem)?.message
        }
    }

    @Test("What wipes a disk never gets the system's, nor one of two of the same name, nor one of another size")
    func neverWiped() async throws {
        let folder = node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.mount("8:0", at: "/boot/efi")
        #expect(await refusalToErase()?.contains("holds this machine's system") == true)
        node.write("/proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n")
        #expect(await refusalToErase() == nil)
        node.disk("sdb", "8:16", files: ["device/serial": "A"])
        #expect(await refusalToErase()?.contains("can't be told from another disk") == true)
        node.write("\(folder)/device/serial", "B")
        node.write("/sys/devices/pci0/block/sdb/size", "4096")
        #expect(await refusalToErase()?.contains("is not there") == true)
    }

    /// The cluster of the recorded raw-list.
    private static let fsid = "404472a2-e68c-11f1-a181-26308b69d95c"
    private static let lvm = #"{"signatures": [{"type": "LVM2_member"}]}"#
    private static let cephVolume = "cephadm --image \(ImageReference.example) ceph-volume --"

    private func rawOSDs(_ cluster: String = fsid) {
        let recorded = Fixture.text("cephadm/raw-list-16.2.15.json").replacing("/dev/loop0", with: "/dev/sda")
        node.runner.answer("\(Self.cephVolume) raw list --format json", recorded.replacing(Self.fsid, with: cluster))
    }

    private func group(_ name: String) {
        let recorded = Fixture.text("pvs-group.json").replacing("\"data\"", with: "\"\(name)\"")
        node.runner.answer("pvs --reportformat json -o vg_name /dev/sda", recorded)
    }

    /// As ceph-volume says it; only what is read of it.
    private func lvmOSDs(_ cluster: String = fsid) {
        node.runner.answer(
            "\(Self.cephVolume) lvm list --format json",
            #"{"0": [{"devices": ["/dev/sda"], "tags": {"ceph.cluster_fsid": "\#(cluster)"}}]}"#)
    }

    @Test("What an OSD of the same cluster leaves is wiped", arguments: ["wipefs-blank.json", "wipefs-bluestore.json"])
    func wiped(_ signatures: String) async {
        let folder = node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text(signatures))
        rawOSDs()
        #expect(await refusalToErase() == nil)
        node.mapped("dm-0", "253:0", on: [(folder, "sda")])
        node.write("/sys/devices/virtual/block/dm-0/dm/name", "ceph--6d1c--44-osd--block--0b5f--91\n")
        node.probe.hold("/dev/sda")
        node.runner.answer("wipefs --no-act --json /dev/sda", Self.lvm)
        group("ceph-6d1c-44")
        lvmOSDs()
        #expect(await refusalToErase() == nil)
    }

    @Test("Half of an OSD, which no cluster knows, is wiped, and so is a physical volume without a group")
    func halfMade() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text("wipefs-bluestore.json"))
        node.runner.answer("\(Self.cephVolume) raw list --format json", "{}")
        #expect(await refusalToErase() == nil)
        node.runner.answer("wipefs --no-act --json /dev/sda", Self.lvm)
        node.runner.answer("pvs --reportformat json -o vg_name /dev/sda", Fixture.text("pvs-free.json"))
        #expect(await refusalToErase() == nil)
    }

    @Test("What looks like an OSD's and is somebody else's is not wiped, nor what can't be told")
    func somebodyElses() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text("wipefs-bluestore.json"))
        #expect(await refusalToErase()?.contains("can't be told whose data") == true)
        rawOSDs("another-cluster")
        #expect(await refusalToErase()?.contains("another Ceph cluster (another-cluster)") == true)
        node.runner.answer("wipefs --no-act --json /dev/sda", Self.lvm)
        #expect(await refusalToErase()?.contains("can't be told whose data") == true)
        group("data")
        #expect(await refusalToErase()?.contains("volume group data") == true)
        group("ceph-6d1c-44")
        #expect(await refusalToErase()?.contains("can't be told whose data") == true)
        lvmOSDs("another-cluster")
        #expect(await refusalToErase()?.contains("another Ceph cluster (another-cluster)") == true)
    }

    private static let uses: [(reason: String, begin: @Sendable (NodeFixture, String) -> Void)] = [
        ("mounted at /srv", { node, _ in node.mount("8:0", at: "/srv") }),
        ("has partitions: sda1", { node, folder in node.partition("sda1", of: folder, "8:1") }),
        ("in use by dm-0", { node, folder in node.mapped("dm-0", "253:0", on: [(folder, "sda")]) }),
        ("in use by the system or a program", { node, _ in node.probe.hold("/dev/sda") }),
        (
            "(ext4)",
            { node, _ in node.runner.answer("wipefs --no-act --json /dev/sda", Fixture.text("wipefs-ext4.json")) }
        ),
        (
            "can't be read",
            { node, _ in node.runner.answer("wipefs --no-act --json /dev/sda", "", exitCode: 1, errorOutput: "I/O") }
        ),
    ]

    @Test("What somebody has put to use since is not wiped", arguments: uses.indices)
    func inUse(_ index: Int) async {
        let folder = node.disk("sda", "8:0", files: ["device/serial": "A"])
        Self.uses[index].begin(node, folder)
        #expect(await refusalToErase()?.contains(Self.uses[index].reason) == true)
    }

    @Test("Of two disks of one name neither is handed out")
    func duplicate() async {
        node.disk("sda", "8:0", files: ["device/serial": "A"])
        node.disk("sdb", "8:16", files: ["device/serial": "A"])
        #expect(await kind(chosen) == .diskUnusable)
    }
}
