import IPC
import Testing

@testable import bootstrap_agent

@Suite struct RequirementRowsTests {
    /// A machine with nothing against it, changed by `change`.
    private func facts(_ change: (inout NodeFacts) -> Void = { _ in }) -> NodeFacts {
        var facts = NodeFacts(
            cpuThreads: 2, memoryBytes: 4 << 30, hostname: "n1",
            addresses: [
                NodeAddress(
                    interface: "eth0", address: try! IPAddress("10.77.0.1"), network: try! Network("10.77.0.0/24"))
            ],
            disks: [disk("/dev/sdb", gibibytes: 100)],
            timeUnits: .some([SystemdUnit(name: "chrony.service", isActive: true, isEnabled: true)]),
            listeningPorts: [22], cephadm: .works, podmanVersion: .some("4.3.1"), hasLVM: true, image: .example,
            imageState: .present, clusterFiles: [], daemons: .some([]),
            space: [FreeSpace(path: "/var/lib/ceph", bytes: 20 << 30)],
            cephVolume: .asked(.some(CephVolumeInventory(rejections: ["/dev/sdb": []]))))
        change(&facts)
        return facts
    }

    private func disk(_ path: String, gibibytes: Int64, usable: Bool = true) -> Disk {
        Disk(
            id: try! DiskID("serial-\(path.lastPathComponent)"), path: path, sizeBytes: gibibytes << 30,
            isRotational: true, isSystem: false, isUsable: usable, reasons: usable ? [] : ["is removable"])
    }

    @Test("A fit machine has no hint in any row, and the verdict ok")
    func fit() {
        let requirements = Requirements(facts(), checkedAt: .example)
        #expect(requirements.verdict == .ok)
        #expect(requirements.rows.allSatisfy { $0.verdict == .ok && $0.hint == nil })
        #expect(Set(requirements.rows.map(\.id)).count == requirements.rows.count)
    }

    private typealias Case = (
        name: String, row: @Sendable (NodeFacts) -> Requirement, verdict: Verdict, change: @Sendable (inout NodeFacts) -> Void
    )

    private static let cases: [Case] = [
        ("one thread", RequirementRow.cpu, .warning, { $0.cpuThreads = 1 }),
        ("little memory", RequirementRow.memory, .warning, { $0.memoryBytes = 1 << 30 }),
        ("unknown memory", RequirementRow.memory, .warning, { $0.memoryBytes = nil }),
        ("no disk", RequirementRow.disks, .blocking, { $0.disks = [] }),
        ("only an unusable disk", RequirementRow.disks, .blocking, { $0.disks[0].isUsable = false }),
        ("a small disk", RequirementRow.diskSize, .warning, { $0.disks[0].sizeBytes = 8 << 30 }),
        ("a full domain name", RequirementRow.hostname, .warning, { $0.hostname = "n1.example.com" }),
        ("localhost", RequirementRow.hostname, .warning, { $0.hostname = "localhost" }),
        ("no address", RequirementRow.addresses, .blocking, { $0.addresses = [] }),
        ("no time service", RequirementRow.timeSync, .warning, { $0.timeUnits = .some([]) }),
        ("systemd silent", RequirementRow.timeSync, .warning, { $0.timeUnits = .none("it took too long") }),
        (
            "time service that doesn't start by itself", RequirementRow.timeSync, .warning,
            { $0.timeUnits = .some([SystemdUnit(name: "ntp.service", isActive: true, isEnabled: false)]) }
        ),
        ("no sshd", RequirementRow.ssh, .blocking, { $0.listeningPorts = [] }),
        ("no cephadm", RequirementRow.cephadm, .blocking, { $0.cephadm = .absent }),
        ("cephadm failing", RequirementRow.cephadm, .warning, { $0.cephadm = .fails("ERROR: no") }),
        ("no podman", RequirementRow.containerEngine, .blocking, { $0.podmanVersion = .none("not started") }),
        ("old podman", RequirementRow.containerEngine, .blocking, { $0.podmanVersion = .some("1.9.3") }),
        ("no LVM", RequirementRow.lvm, .blocking, { $0.hasLVM = false }),
        ("image missing", RequirementRow.image, .blocking, { $0.imageState = .missing }),
        ("image to be pulled", RequirementRow.image, .ok, { $0.imageState = .toBePulled }),
        ("podman failing", RequirementRow.image, .warning, { $0.imageState = .unknown("exit code 125") }),
        ("monitor port in use", RequirementRow.ports, .blocking, { $0.listeningPorts = [22, 6789] }),
        ("an existing ceph.conf", RequirementRow.cluster, .blocking, { $0.clusterFiles = ["/etc/ceph/ceph.conf"] }),
        (
            "another cluster's daemon", RequirementRow.cluster, .blocking,
            { $0.daemons = .some([CephadmDaemon(name: "mon.n1", fsid: "2400fe32")]) }
        ),
        ("cephadm ls failing", RequirementRow.cluster, .warning, { $0.daemons = .none("ERROR") }),
        ("little space", RequirementRow.space, .warning, { $0.space.append(FreeSpace(path: "/x", bytes: 7 << 30)) }),
        ("no space", RequirementRow.space, .blocking, { $0.space.append(FreeSpace(path: "/x", bytes: 1 << 30)) }),
        ("unknown space", RequirementRow.space, .warning, { $0.space = [] }),
        ("ceph-volume not asked", RequirementRow.cephVolume, .ok, { $0.cephVolume = .imageAbsent }),
        ("ceph-volume failing", RequirementRow.cephVolume, .warning, { $0.cephVolume = .asked(.none("ERROR")) }),
    ]

    @Test("Each fault has its verdict, and says what to do", arguments: cases.indices)
    func fault(index: Int) {
        let fault = Self.cases[index]
        let row = fault.row(facts(fault.change))
        #expect(row.verdict == fault.verdict, "\(fault.name)")
        #expect((row.hint == nil) == (row.verdict == .ok), "\(fault.name)")
    }

    @Test("The words name what was found")
    func words() {
        #expect(RequirementRow.ports(facts { $0.listeningPorts = [3300, 6789] }).actual == "in use: 3300, 6789")
        #expect(RequirementRow.memory(facts()).actual == "4.0 GiB")
        #expect(RequirementRow.timeSync(facts()).actual == "chrony.service")
        let daemons = [CephadmDaemon(name: "mon.n1", fsid: "ab"), CephadmDaemon(name: "mgr.n1", fsid: "ab")]
        #expect(RequirementRow.cluster(facts { $0.daemons = .some(daemons) }).actual == "2 daemons of cluster ab")
    }

    @Test("The worst row is the verdict of all")
    func worst() {
        #expect(Requirements(facts { $0.cpuThreads = 1 }, checkedAt: .example).verdict == .warning)
        #expect(
            Requirements(
                facts {
                    $0.cpuThreads = 1
                    $0.hasLVM = false
                }, checkedAt: .example
            ).verdict == .blocking)
    }

    @Test("The defaults are the short name, the first address and all usable disks")
    func defaults() throws {
        let facts = facts {
            $0.hostname = "n1.example.com"
            $0.disks = [disk("/dev/sda", gibibytes: 9, usable: false), disk("/dev/sdb", gibibytes: 8)]
        }
        let choices = try #require(BootstrapChoices(defaultsFor: facts))
        #expect(choices.hostname.text == "n1" && choices.address.text == "10.77.0.1")
        #expect(choices.disks == [ChosenDisk(id: try DiskID("serial-sdb"), path: try DevicePath("/dev/sdb"), sizeBytes: 8 << 30)])
    }

    @Test("A name that can't be used is replaced; without a disk or an address there are no defaults")
    func noDefaults() {
        #expect(BootstrapChoices(defaultsFor: facts { $0.hostname = "localhost.localdomain" })?.hostname.text == "storage1")
        #expect(BootstrapChoices(defaultsFor: facts { $0.hostname = "" })?.hostname.text == "storage1")
        #expect(BootstrapChoices(defaultsFor: facts { $0.disks = [] }) == nil)
        #expect(BootstrapChoices(defaultsFor: facts { $0.addresses = [] }) == nil)
    }
}
