import IPC

/// This machine, as its kernel, systemd, podman and Ceph's own tools describe it.
struct NodeInventory: Inventory {
    private let runner: any CommandRunner
    private let tree: FileTree
    private let image: ImageReference
    private let imagePull: Bool
    private let diskReader: DiskReader
    private let interfaces: @Sendable () -> [InterfaceAddress]
    /// ceph-volume takes seconds, in a container; its answer counts as long as the disks look the same to us.
    private let cephVolume = Recent<[DiskFacts], CephVolumeState>(age: .seconds(10))

    /// - Parameters:
    ///   - image: of Ceph; asked for what it says of the disks when it is on this machine.
    ///   - imagePull: whether the node may fetch it.
    init(
        runner: any CommandRunner, image: ImageReference, imagePull: Bool, tree: FileTree = FileTree(),
        probe: any DeviceProbe = KernelDeviceProbe(),
        interfaces: @escaping @Sendable () -> [InterfaceAddress] = InterfaceAddress.all
    ) {
        self.runner = runner
        self.image = image
        self.imagePull = imagePull
        self.tree = tree
        self.interfaces = interfaces
        diskReader = DiskReader(tree: tree, probe: probe, runner: runner)
    }

    func requirements() async throws -> Requirements {
        let facts = await facts()
        try Task.checkCancellation()
        return Requirements(facts, checkedAt: .now)
    }

    func disks() async throws -> [Disk] {
        let facts = await diskReader.read()
        let report = await cephVolumeState(facts, imageState: imageState())
        try Task.checkCancellation()
        return Self.disks(facts, report)
    }

    /// By this node's own eyes alone: they are quick enough to look just before each use.
    func device(for disk: ChosenDisk) async throws -> String {
        let disks = await diskReader.read().map { $0.disk() }
        try Task.checkCancellation()
        return try disk.find(among: disks).path
    }

    func path(of disk: ChosenDisk) async throws -> String {
        let facts = await diskReader.read()
        try Task.checkCancellation()
        return try disk.findWhateverIsOnIt(among: facts).device.path
    }

    func pathToErase(_ disk: ChosenDisk, of fsid: String) async throws -> String {
        let facts = await diskReader.read()
        try Task.checkCancellation()
        let found = diskReader.probed(try disk.findWhateverIsOnIt(among: facts))
        let owner = DiskOwner(runner: runner, image: image, fsid: fsid)
        try found.checkErasable(besides: await owner.reasons(against: found))
        return found.device.path
    }
}

extension NodeInventory {
    private func facts() async -> NodeFacts {
        async let gathered = runner.answer(to: InventoryCommand.gatherFacts, GatherFacts.parse)
        async let daemons = runner.answer(to: Cephadm.list)
        async let units = runner.answer(to: InventoryCommand.units(SystemdUnit.timeSync), SystemdUnit.parse)
        async let podman = runner.answer(to: InventoryCommand.podmanVersion, Self.podmanVersion)
        async let imageState = imageState()
        let diskFacts = await diskReader.read()
        let cephVolume = await cephVolumeState(diskFacts, imageState: imageState)
        return NodeFacts(
            cpuThreads: await gathered.value?.cpuThreads ?? cpuThreads, memoryBytes: await memory(gathered),
            hostname: tree.text("/proc/sys/kernel/hostname") ?? "",
            addresses: InterfaceAddress.candidates(
                interfaces(), defaultInterface: InterfaceAddress.defaultInterface(in: tree)),
            disks: Self.disks(diskFacts, cephVolume), timeUnits: await units,
            listeningPorts: Ports.listening(in: tree), cephadm: cephadm(await gathered),
            podmanVersion: await podman, hasLVM: tree.isExecutable(InventoryCommand.lvcreate), image: image,
            imageState: await imageState, clusterFiles: clusterFiles, daemons: await daemons, space: space,
            cephVolume: cephVolume)
    }

    private static func disks(_ facts: [DiskFacts], _ report: CephVolumeState) -> [Disk] {
        facts.map { facts in
            guard case .asked(.some(let inventory)) = report else { return facts.disk() }
            return facts.disk(rejections: inventory.words(against: facts.device.path))
        }
    }

    private func cephVolumeState(_ disks: [DiskFacts], imageState: ImageState) async -> CephVolumeState {
        guard imageState == .present else { return .imageAbsent }
        return await cephVolume.value(for: disks) { [runner, image] in
            .asked(await runner.answer(to: InventoryCommand.cephVolume(image), CephVolumeInventory.parse))
        }
    }

    private func imageState() async -> ImageState {
        do {
            // Exit code 1: it isn't on this machine; others are errors.
            switch try await runner.run(Podman.exists(image)).exitCode {
            case 0: return .present
            case 1: return imagePull ? .toBePulled : .missing
            case let code: return .unknown("podman ended with exit code \(code)")
            }
        } catch {
            return .unknown(error.words)
        }
    }

    private func cephadm(_ gathered: Answer<GatherFacts>) -> CephadmState {
        guard tree.isExecutable(Cephadm.program) else { return .absent }
        switch gathered {
        case .some: return .works
        case .none(let reason): return .fails(reason)
        }
    }

    /// From "podman version 4.3.1".
    private static func podmanVersion(_ output: String) throws -> String {
        output.trimmed.split(separator: " ").last.map(String.init) ?? ""
    }

    private var cpuThreads: Int {
        tree.lines("/proc/cpuinfo").count { $0.hasPrefix("processor") }
    }

    private func memory(_ gathered: Answer<GatherFacts>) -> Int64? {
        let own = tree.lines("/proc/meminfo").first { $0.hasPrefix("MemTotal:") }
            .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int64($0) }
        let kilobytes = gathered.value?.memoryKB ?? own
        return kilobytes.flatMap { (0...(.max >> 10)).contains($0) ? $0 << 10 : nil }
    }

    /// What `cephadm bootstrap` writes there, and doesn't overwrite.
    private var clusterFiles: [String] {
        ["/etc/ceph/ceph.conf", "/etc/ceph/ceph.client.admin.keyring", "/etc/ceph/ceph.pub"].filter(tree.exists)
    }

    private var space: [FreeSpace] {
        ["/var/lib/ceph", "/var/lib/containers"].map { FreeSpace(path: $0, bytes: tree.freeBytes($0)) }
    }
}
