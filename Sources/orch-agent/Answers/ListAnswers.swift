import IPC

extension Host {
    init(_ host: OrchHostLs.Host) {
        self.init(
            name: host.hostname, address: host.addr, labels: host.labels ?? [], status: (host.status ?? "").lowercased()
        )
    }
}

extension Device {
    init(_ device: OrchDeviceLs.Device, on host: String) {
        self.init(
            host: host, path: device.path, sizeBytes: device.sysApi.size, type: device.humanReadableType ?? "",
            vendor: device.sysApi.vendor?.nonEmpty, model: device.sysApi.model?.nonEmpty,
            isAvailable: device.available, rejectedReasons: device.rejectedReasons ?? [],
            seenAt: device.created.flatMap { try? Timestamp($0) })
    }
}

extension Daemon {
    init(_ daemon: OrchPs.Daemon) {
        self.init(
            name: daemon.daemonName ?? "\(daemon.daemonType).\(daemon.daemonId)", type: daemon.daemonType,
            host: daemon.hostname, status: daemon.statusDesc ?? "unknown", version: daemon.version,
            memoryBytes: daemon.memoryUsage.flatMap { $0 > 0 ? $0 : nil },
            startedAt: daemon.started.flatMap { try? Timestamp($0) },
            refreshedAt: daemon.lastRefresh.flatMap { try? Timestamp($0) })
    }
}

extension OSD {
    /// All OSDs of the monitors' map that the mgr has statistics of.
    static func list(_ df: OSDDf.Output, states: OSDDump.Output) -> [OSD] {
        let states = Dictionary(states.osds.map { ($0.osd, $0) }, uniquingKeysWith: { $1 })
        let hosts = Dictionary(
            df.nodes.filter { $0.type == "host" }.flatMap { host in (host.children ?? []).map { ($0, host.name) } },
            uniquingKeysWith: { $1 })
        return (df.nodes + (df.stray ?? []))
            .filter { $0.type == "osd" }
            .compactMap { node in states[node.id].map { OSD(node, $0, host: hosts[node.id]) } }
            .sorted { $0.id < $1.id }
    }

    private init(_ node: OSDDf.Node, _ state: OSDDump.OSDState, host: String?) {
        self.init(
            id: node.id, host: host, deviceClass: node.deviceClass?.nonEmpty, isUp: state.up != 0,
            isIn: state.in != 0, totalBytes: (node.kb ?? 0) * 1024, usedBytes: (node.kbUsed ?? 0) * 1024,
            availableBytes: (node.kbAvail ?? 0) * 1024, placementGroups: node.pgs ?? 0)
    }
}

extension LogEntry {
    init(_ entry: LogLast.Entry) {
        self.init(
            at: entry.stamp, level: Level(ceph: entry.priority), source: entry.name, channel: entry.channel,
            message: entry.message)
    }
}

extension LogEntry.Level {
    /// Of `[INF]` and its like. A level that is not known is shown as a warning, so that nobody overlooks it.
    fileprivate init(ceph mark: String) {
        self =
            switch mark {
            case "[DBG]": .debug
            case "[INF]": .info
            case "[SEC]": .security
            case "[ERR]": .error
            default: .warning
            }
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
