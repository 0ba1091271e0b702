import IPC

/// The cluster is what was asked for: its manager works, all its disks store, and its health is good or explained.
struct VerifyStep: Step {
    func summary(_ design: ClusterDesign) -> String {
        let disks = design.choices.disks.count
        return "Check that the manager works, \(count(disks, "disk")) \(disks == 1 ? "stores" : "store") data, and the "
            + "cluster is healthy."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] { [] }

    func run(_ bench: StepBench) async throws {
        let failure = StepFailure(
            "The cluster was made, but it is not as it should be.", hint: "Try again; it may need more time.")
        let status = try await bench.wait("checking the cluster's health", tries: 90, else: failure) {
            let status = try await bench.ask(Ceph.status)
            if let reason = Self.shortcoming(status, bench) { throw StepFailure(reason) }
            try await Self.hearEveryDisk(bench)
            return status
        }
        for (code, check) in status.health.checks.sorted(by: { $0.key < $1.key }) {
            bench.log.append("\(code): \(check.summary.message). \(Self.explained[code] ?? "")")
        }
    }

    /// The monitors count an OSD as up until they are told otherwise: after a power cut, for the first seconds all that
    /// were up before. Only its own answer proves that it works.
    private static func hearEveryDisk(_ bench: StepBench) async throws {
        for osd in try await bench.ask(Ceph.osdDump).osds { _ = try await bench.ask(Ceph.osdVersion(osd.osd)) }
    }

    private static func shortcoming(_ status: CephStatus, _ bench: StepBench) -> String? {
        let disks = bench.design.choices.disks.count
        if status.fsid != bench.job.fsid { return "Another cluster answers: \(status.fsid)." }
        if !status.mgrmap.available { return "Its manager does not work." }
        if status.osdmap.num_up_osds < disks { return "\(status.osdmap.num_up_osds) of \(disks) disks work." }
        if status.osdmap.num_in_osds < disks { return "\(status.osdmap.num_in_osds) of \(disks) disks are in use." }
        let (active, groups) = (status.pgmap.activeCount, status.pgmap.num_pgs)
        if active < groups { return "\(active) of \(groups) placement groups are active." }
        let unexplained = status.health.checks.filter { explained[$0.key] == nil || $0.value.severity == "HEALTH_ERR" }
        if unexplained.isEmpty { return nil }
        return "Ceph says: "
            + unexplained.map { "\($0.value.summary.message) (\($0.key))" }.sorted().joined(separator: "; ")
    }

    /// Warnings that a new single node can have for a reason, and that don't make it a failure.
    private static let explained = [
        "MON_DISK_LOW": "The system disk is nearly full: make room on it.",
        "POOL_NO_REDUNDANCY": "There is one copy of everything, since there is one disk.",
        "CEPHADM_STRAY_DAEMON": "The orchestrator has not seen its newest daemon yet; this passes within minutes.",
        "CEPHADM_STRAY_HOST":
            "The orchestrator has not seen this node's newest daemon yet; this passes within minutes.",
        "RECENT_CRASH": "A daemon ended unexpectedly and was started again.",
    ]
}
