import IPC
import Testing

@testable import bootstrap_agent

@Suite struct NodeInventoryTests {
    let node = NodeFixture()

    /// A lab node as it was recorded: everything is there, two blank disks, the system on an overlay.
    private func fill() {
        for program in ["/usr/sbin/cephadm", "/usr/sbin/lvcreate"] { node.write(program, "") }
        node.write("/proc/sys/kernel/hostname", "n1\n")
        node.write("/proc/net/tcp", Fixture.text("proc-net-tcp"))
        node.disk("loop0", "7:0", gibibytes: 20, files: ["loop/backing_file": "/srv/1.img"])
        node.disk("loop1", "7:1", gibibytes: 20, files: ["loop/backing_file": "/srv/2.img"])
        let time = SystemdUnit.timeSync.joined(separator: " ")
        node.runner.answer(
            "systemctl show --property=Id,ActiveState,UnitFileState \(time)", Fixture.text("systemctl-show.txt"))
        node.runner.answer("podman --version", "podman version 4.3.1\n")
        node.runner.answer("podman image exists \(ImageReference.example)", "")
        node.runner.answer("cephadm gather-facts", Fixture.text("gather-facts-16.2.15.json"))
        node.runner.answer("cephadm ls --no-detail", "[]\n")
        node.runner.answer(
            "cephadm --image \(ImageReference.example) ceph-volume -- inventory --format json",
            Fixture.text("ceph-volume-inventory-16.2.15-blank.json"))
    }

    private func row(_ id: String, of requirements: Requirements) -> Requirement? {
        requirements.rows.first { $0.id == id }
    }

    @Test("A fit node: every row but the free space of the test's machine is ok, and the defaults take both disks")
    func fit() async throws {
        fill()
        let requirements = try await node.inventory().requirements()
        #expect(requirements.rows.filter { $0.verdict != .ok && $0.id != "space" }.isEmpty)
        #expect(requirements.disks.map(\.isUsable) == [true, true])
        #expect(requirements.defaults?.disks.map(\.path.text) == ["/dev/loop0", "/dev/loop1"])
        #expect(requirements.hostname == "n1" && requirements.addresses.map(\.interface) == ["eth0"])
    }

    @Test("Ceph's refusal makes a disk unusable")
    func rejected() async throws {
        fill()
        node.runner.answer(
            "cephadm --image \(ImageReference.example) ceph-volume -- inventory --format json",
            Fixture.text("ceph-volume-inventory-16.2.15.json"))
        #expect(try await node.inventory().disks().map(\.isUsable) == [false, true])
    }

    @Test("ceph-volume runs once as long as the disks look the same, and again when they don't")
    func cephVolumeOnce() async throws {
        fill()
        let inventory = node.inventory()
        async let first = inventory.disks()
        async let second = inventory.disks()
        _ = try await (first, second, inventory.requirements())
        #expect(node.runner.runs(of: "cephadm --image") == 1)
        node.runner.answer("wipefs --no-act --json /dev/loop1", Fixture.text("wipefs-ext4.json"))
        _ = try await inventory.disks()
        #expect(node.runner.runs(of: "cephadm --image") == 2)
    }

    @Test("Without the image ceph-volume isn't asked; without cephadm the kernel's own figures are used")
    func withoutTools() async throws {
        node.write("/proc/cpuinfo", "processor : 0\n\nprocessor : 1\nmodel name: x\nprocessor : 2\n")
        node.write("/proc/meminfo", "MemTotal:        4194304 kB\nMemFree: 1 kB\n")
        node.runner.answer("podman image exists \(ImageReference.example)", "", exitCode: 1)
        let requirements = try await node.inventory(imagePull: true).requirements()
        #expect(row("cpu", of: requirements)?.actual == "3 threads")
        #expect(row("memory", of: requirements)?.actual == "4.0 GiB")
        #expect(row("cephadm", of: requirements)?.verdict == .blocking)
        #expect(row("image", of: requirements)?.verdict == .ok)
        #expect(row("ceph_volume", of: requirements)?.actual == "not asked: the image is not here yet")
        #expect(requirements.defaults == nil && requirements.verdict == .blocking)
        #expect(node.runner.runs(of: "cephadm --image") == 0)
    }

    @Test("A node that carries files of a cluster is refused")
    func cluster() async throws {
        fill()
        node.write("/etc/ceph/ceph.conf", "[global]\n")
        let requirements = try await node.inventory().requirements()
        #expect(row("cluster", of: requirements)?.actual == "/etc/ceph/ceph.conf")
        #expect(requirements.verdict == .blocking)
    }
}
