import IPC

extension ClusterStatus.Response {
    /// Puts together what the monitors and the mgr said.
    init(_ status: CephStatus.Output, versions: Versions.Output, active: MgrStat.Output, mgr: MgrView) {
        self.init(
            fsid: status.fsid, health: Health(status.health),
            monitors: Monitors(count: status.monmap.numMons, quorum: status.quorumNames),
            manager: Manager(
                isAvailable: status.mgrmap.available && !mgr.freshness.isStale,
                activeName: active.activeName.flatMap { $0.isEmpty ? nil : $0 },
                standbyCount: status.mgrmap.numStandbys ?? 0),
            osds: OSDCounts(total: status.osdmap.numOsds, up: status.osdmap.numUpOsds, in: status.osdmap.numInOsds),
            capacity: Capacity(status.pgmap), io: ClientIO(status.pgmap),
            services: ServiceCount.merge(monitors: status, orchestrator: mgr.services),
            placementGroups: (status.pgmap.pgsByState ?? []).map {
                PlacementGroupCount(state: $0.stateName, count: $0.count)
            },
            versions: (versions["overall"] ?? [:]).reduce(into: [:]) { counts, version in
                counts[Versions.short(version.key), default: 0] += version.value
            },
            freshness: mgr.freshness, asOf: .now)
    }
}

/// What the mgr adds to a status, and how fresh that and the monitors' own copy of the mgr's statistics are.
struct MgrView {
    var services: OrchLs.Output
    var freshness: Freshness
}

extension Versions {
    /// `16.2.15` of `ceph version 16.2.15 (618f44…) pacific (stable)`.
    static func short(_ banner: String) -> String {
        let words = banner.split(separator: " ")
        return words.starts(with: ["ceph", "version"]) && words.count > 2 ? String(words[2]) : banner
    }
}

extension Capacity {
    fileprivate init(_ pgmap: CephStatus.PGMap) {
        self.init(
            totalBytes: pgmap.bytesTotal ?? 0, usedBytes: pgmap.bytesUsed ?? 0,
            availableBytes: pgmap.bytesAvail ?? 0)
    }
}

extension ClientIO {
    fileprivate init(_ pgmap: CephStatus.PGMap) {
        self.init(
            readBytesPerSecond: pgmap.readBytesSec ?? 0, writeBytesPerSecond: pgmap.writeBytesSec ?? 0,
            readOpsPerSecond: pgmap.readOpPerSec ?? 0, writeOpsPerSecond: pgmap.writeOpPerSec ?? 0)
    }
}

extension ServiceCount {
    /// The types that the monitors watch themselves come from them, who know at once; the rest from the orchestrator.
    fileprivate static func merge(monitors status: CephStatus.Output, orchestrator: OrchLs.Output) -> [ServiceCount] {
        let watched = watched(status)
        let others = Dictionary(grouping: orchestrator, by: \.serviceType)
            .filter { type, _ in !watched.contains { $0.type == type } }
            .map { type, services in
                ServiceCount(
                    type: type, running: services.reduce(0) { $0 + ($1.status?.running ?? 0) },
                    expected: services.reduce(0) { $0 + ($1.status?.size ?? 0) })
            }
        return watched + others.sorted { $0.type < $1.type }
    }

    private static func watched(_ status: CephStatus.Output) -> [ServiceCount] {
        let standbys = status.mgrmap.numStandbys ?? 0
        var counts = [
            ServiceCount(type: "mon", running: status.quorumNames.count, expected: status.monmap.numMons),
            ServiceCount(
                type: "mgr", running: standbys + (status.mgrmap.available ? 1 : 0), expected: standbys + 1),
            ServiceCount(type: "osd", running: status.osdmap.numUpOsds, expected: status.osdmap.numOsds),
        ]
        // Ranks that are filled, of those that the file systems want, and the daemons that wait for one.
        if let fsmap = status.fsmap, fsmap.up ?? 0 > 0 || fsmap.max ?? 0 > 0 || fsmap.upStandby ?? 0 > 0 {
            let standbys = fsmap.upStandby ?? 0
            let ranks = fsmap.up ?? 0
            counts.append(
                ServiceCount(type: "mds", running: ranks + standbys, expected: max(ranks, fsmap.max ?? 0) + standbys))
        }
        return counts
    }
}
