import IPC

/// Each chosen disk becomes an OSD. Which disks may have been written to is stored before they are.
struct OSDsStep: Step {
    func summary(_ design: ClusterDesign) -> String {
        let list = design.choices.disks.map { "\($0.path) (\($0.id))" }.joined(separator: ", ")
        return "Erase \(list) and store data on \(design.choices.disks.count == 1 ? "it" : "them")."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] {
        known.devices.map { Ceph.addOSD(host: design.hostname, device: $0, method: design.osdMethod) }
    }

    func run(_ bench: StepBench) async throws {
        let disks = bench.design.choices.disks
        try await bench.waitForCluster(share: 0...0.05)
        let held = bench.job.touched.isEmpty ? [] : try await resume(bench)
        for (index, disk) in disks.enumerated() where !held.contains(try await bench.inventory.path(of: disk)) {
            let begin = 0.1 + 0.7 * Double(index) / Double(disks.count)
            try await add(disk, bench, share: begin...(begin + 0.7 / Double(disks.count)))
        }
        var paths: Set<String> = []
        for disk in disks { paths.insert(try await bench.inventory.path(of: disk)) }
        let failure = StepFailure(
            "Not all chosen disks store data.",
            hint: "Try again; if it happens again, clean up and leave that disk out.")
        try await bench.wait("waiting for the OSDs", tries: 90, share: 0.8...1, else: failure) { () -> Bool? in
            let missing = paths.subtracting(try await working(bench)).sorted()
            if missing.isEmpty { return true }
            throw StepFailure("These don't yet: \(missing.joined(separator: ", ")).")
        }
    }

    private func add(_ disk: ChosenDisk, _ bench: StepBench, share: ClosedRange<Double>) async throws {
        if bench.job.touched.contains(disk) {
            // Broken off in the middle: the half of an OSD that is on it is nobody's.
            let path = try await bench.inventory.pathToErase(disk, of: bench.job.fsid)
            try await bench.act(Cephadm.zap(path, image: bench.design.image))
        }
        let middle = share.lowerBound + share.length / 3
        try await waitUntilSeen(try await bench.inventory.device(for: disk), bench, share: share.lowerBound...middle)
        // That took a while, and from here on there is no way back.
        let path = try await bench.inventory.device(for: disk)
        bench.tell("making an OSD of \(path)", middle)
        try await bench.touch(disk)
        try await bench.act(Ceph.addOSD(host: bench.design.hostname, device: path, method: bench.design.osdMethod))
    }

    /// The orchestrator makes OSDs only of devices that it has seen.
    private func waitUntilSeen(_ path: String, _ bench: StepBench, share: ClosedRange<Double>) async throws {
        let failure = StepFailure(
            "The orchestrator does not offer \(path) for an OSD.", hint: "Try again, or clean up and leave it out.")
        var refresh = false
        let activity = "waiting until the orchestrator has seen \(path)"
        try await bench.wait(activity, tries: 90, share: share, else: failure) { () -> Bool? in
            // It looks by itself first; being asked each time would only make it start over.
            defer { refresh = !refresh }
            let hosts = try await bench.ask(Ceph.devices(refresh: refresh))
            let device = hosts.first { $0.name == bench.design.hostname }?.devices.first { $0.path == path }
            guard let device else { return nil }
            if device.available { return true }
            throw StepFailure("It says: \((device.rejected_reasons ?? []).joined(separator: ", ")).")
        }
    }

    /// - Returns: the disks that carry an OSD of this cluster already, its daemon started if it wasn't.
    private func resume(_ bench: StepBench) async throws -> Set<String> {
        bench.tell("looking at what is on the disks", 0.05)
        let held = try await OSDsOnDisk.list(bench)
        let paths = Set(held.values.joined())
        if !paths.isSubset(of: try await working(bench)) {
            try await bench.act(Ceph.activateOSDs(host: bench.design.hostname))
        }
        // An OSD whose making was broken off has an id in the cluster and nothing on a disk.
        for osd in try await bench.ask(Ceph.osdDump).osds where osd.up == 0 && held[osd.osd] == nil {
            try await bench.act(Ceph.purgeNewOSD(osd.osd))
        }
        return paths
    }

    /// The disks of this node whose OSDs are up and in.
    private func working(_ bench: StepBench) async throws -> Set<String> {
        let alive = Set(try await bench.ask(Ceph.osdDump).osds.filter { $0.up == 1 && $0.in == 1 }.map(\.osd))
        let here = try await bench.ask(Ceph.osdMetadata).filter {
            alive.contains($0.id) && $0.hostname == bench.design.hostname
        }
        return Set(here.flatMap { ($0.devices ?? "").split(separator: ",") }.map { "/dev/\($0)" })
    }
}

/// What ceph-volume reads off the disks.
enum OSDsOnDisk {
    /// The OSDs of the job's cluster: id → the paths of their disks.
    static func list(_ bench: StepBench) async throws -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        for osd in try await bench.ask(Cephadm.rawOSDs(image: bench.design.image)).values
        where osd.ceph_fsid == bench.job.fsid { found[osd.osd_id, default: []].append(osd.device) }
        for (id, volumes) in try await bench.ask(Cephadm.lvmOSDs(image: bench.design.image)) {
            for volume in volumes where volume.clusterFsid == bench.job.fsid {
                if let id = Int(id) { found[id, default: []] += volume.devices }
            }
        }
        return found
    }
}
