import IPC

/// The orch-agent's operations.
struct OrchService: OrchAPI {
    private let access: ClusterAccess

    /// How long an operation waits for Ceph, connecting included, when its caller sets no earlier deadline.
    private static let patience = Duration.seconds(5)
    /// How long cluster.status waits for the mgr, whose part of the answer can be stale.
    private static let mgrPatience = Duration.seconds(3)

    init(_ access: ClusterAccess) {
        self.access = access
    }

    func clusterStatus(_: ClusterStatus, _ call: Call) async throws -> ClusterStatus.Response {
        try await answer(call) { cluster, deadline in
            async let versions = cluster.ask(Versions(), until: deadline)
            async let active = cluster.ask(MgrStat(), until: deadline)
            let status = try await cluster.ask(CephStatus(), until: deadline)
            let mgr = try await mgrView(cluster, status, until: min(deadline, .now + Self.mgrPatience))
            return ClusterStatus.Response(status, versions: try await versions, active: try await active, mgr: mgr)
        }
    }

    func clusterLog(_ log: ClusterLog, _ call: Call) async throws -> ClusterLog.Response {
        let lines = (log.lines ?? LineCount(clamping: 100)).value
        // One of two sizes, so that callers with different wishes share a command.
        let count = lines <= 100 ? 100 : LineCount.range.upperBound
        return try await answer(call) { cluster, deadline in
            async let events = cluster.ask(LogLast(count: count, channel: .cluster), until: deadline)
            async let changes = cluster.ask(LogLast(count: count, channel: .cephadm), until: deadline)
            let entries = try await (events + changes).map(LogEntry.init).sorted { $0.at < $1.at }
            return ClusterLog.Response(entries: entries.suffix(lines))
        }
    }

    func hostsList(_: HostsList, _ call: Call) async throws -> HostsList.Response {
        try await answer(call) { cluster, deadline in
            let hosts = try await cluster.latest(OrchHostLs(), until: deadline)
            return HostsList.Response(hosts: hosts.value.map(Host.init), freshness: hosts.freshness)
        }
    }

    func devicesList(_: DevicesList, _ call: Call) async throws -> DevicesList.Response {
        try await answer(call) { cluster, deadline in
            let hosts = try await cluster.latest(OrchDeviceLs(), until: deadline)
            let devices = hosts.value.flatMap { host in host.devices.map { Device($0, on: host.name) } }
            return DevicesList.Response(devices: devices, freshness: hosts.freshness)
        }
    }

    func daemonsList(_: DaemonsList, _ call: Call) async throws -> DaemonsList.Response {
        try await answer(call) { cluster, deadline in
            let daemons = try await cluster.latest(OrchPs(), until: deadline)
            return DaemonsList.Response(daemons: daemons.value.map(Daemon.init), freshness: daemons.freshness)
        }
    }

    func osdsList(_: OSDsList, _ call: Call) async throws -> OSDsList.Response {
        try await answer(call) { cluster, deadline in
            async let states = cluster.ask(OSDDump(), until: deadline)
            let use = try await cluster.latest(OSDDf(), until: deadline)
            return OSDsList.Response(osds: OSD.list(use.value, states: try await states), freshness: use.freshness)
        }
    }

    /// Asks the mgr for its services, which also tells whether it answers at all. The monitors notice a dead mgr only
    /// after 30 s; when they have, it is not asked.
    private func mgrView(
        _ cluster: ClusterConnection, _ status: CephStatus.Output, until deadline: ContinuousClock.Instant
    ) async throws(OrchFailure) -> MgrView {
        let reason: String
        if status.mgrmap.available {
            do {
                return MgrView(services: try await cluster.ask(OrchLs(), until: deadline), freshness: .fresh)
            } catch .refused {
                return MgrView(services: [], freshness: .fresh)  // there is no orchestrator, but the mgr answers
            } catch {
                guard let silence = error.silence else { throw error }
                reason = silence
            }
        } else {
            reason = "No manager daemon (mgr) is active."
        }
        return MgrView(
            services: cluster.lastKnown(of: OrchLs())?.value ?? [],
            freshness: Freshness(isStale: true, since: cluster.mgrAnsweredAt, reason: reason))
    }

    /// Carries out an operation on the cluster as it is now; turns failures into problems.
    private func answer<Response>(
        _ call: Call, _ body: (ClusterConnection, ContinuousClock.Instant) async throws -> Response
    ) async throws -> Response {
        do {
            return try await body(try access.current(), deadline(call))
        } catch let failure as OrchFailure {
            throw failure.atTheEdge
        }
    }

    /// A little before the caller's own deadline, so that what is known reaches it in time.
    private func deadline(_ call: Call) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        guard let deadline = call.deadline else { return now + Self.patience }
        return now + min(Self.patience, now.duration(to: deadline) * 9 / 10)
    }
}
