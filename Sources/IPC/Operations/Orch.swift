/// Everything the orch-agent can be told: what the cluster is and how it is.
public enum Orch {
    public static let contract = Contract<any OrchAPI>(
        "orch", peers: [.gateway],
        [
            Endpoint(ClusterStatus.self) { $0.clusterStatus },
            Endpoint(ClusterLog.self) { $0.clusterLog },
            Endpoint(HostsList.self) { $0.hostsList },
            Endpoint(DevicesList.self) { $0.devicesList },
            Endpoint(DaemonsList.self) { $0.daemonsList },
            Endpoint(OSDsList.self) { $0.osdsList },
        ])
}

public protocol OrchAPI: Sendable {
    @Sendable func clusterStatus(_: ClusterStatus, _: Call) async throws -> ClusterStatus.Response
    @Sendable func clusterLog(_: ClusterLog, _: Call) async throws -> ClusterLog.Response
    @Sendable func hostsList(_: HostsList, _: Call) async throws -> HostsList.Response
    @Sendable func devicesList(_: DevicesList, _: Call) async throws -> DevicesList.Response
    @Sendable func daemonsList(_: DaemonsList, _: Call) async throws -> DaemonsList.Response
    @Sendable func osdsList(_: OSDsList, _: Call) async throws -> OSDsList.Response
}

/// What any call to a cluster can meet.
private let clusterErrors: [Problem.Kind] = [.clusterAbsent, .clusterUnreachable, .clusterRefused]
private let mgrErrors = clusterErrors + [.mgrUnavailable]

/// How fresh an answer is. While the mgr is away, what it alone knows is the last that was heard from it.
public struct Freshness: Codable, Sendable, Equatable {
    public var isStale: Bool
    /// When the stale part was last true; nil if nothing is stale.
    public var since: Timestamp?
    /// Why it is stale, for a person.
    public var reason: String?

    public init(isStale: Bool, since: Timestamp? = nil, reason: String? = nil) {
        self.isStale = isStale
        self.since = since
        self.reason = reason
    }

    public static let fresh = Freshness(isStale: false)
}

// MARK: cluster.status

public struct ClusterStatus: Operation {
    public static let about = About(
        "cluster.status", .read, "Tells the cluster's health in words, its capacity, its daemons and its load.",
        route: .get("/api/cluster/status"), errors: clusterErrors)
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var fsid: String
        public var health: Health
        public var monitors: Monitors
        public var manager: Manager
        public var osds: OSDCounts
        public var capacity: Capacity
        public var io: ClientIO
        public var services: [ServiceCount]
        public var placementGroups: [PlacementGroupCount]
        /// Ceph's version → how many daemons run it.
        public var versions: [String: Int]
        public var freshness: Freshness
        public var asOf: Timestamp

        public init(
            fsid: String, health: Health, monitors: Monitors, manager: Manager, osds: OSDCounts, capacity: Capacity,
            io: ClientIO, services: [ServiceCount], placementGroups: [PlacementGroupCount], versions: [String: Int],
            freshness: Freshness, asOf: Timestamp
        ) {
            self.fsid = fsid
            self.health = health
            self.monitors = monitors
            self.manager = manager
            self.osds = osds
            self.capacity = capacity
            self.io = io
            self.services = services
            self.placementGroups = placementGroups
            self.versions = versions
            self.freshness = freshness
            self.asOf = asOf
        }
    }
}

public struct Health: Codable, Sendable, Equatable {
    public enum Status: String, Described, CaseIterable, Sendable { case ok, warning, error }
    public var status: Status
    /// One sentence for a person, e.g. "The cluster is healthy."
    public var summary: String
    public var checks: [HealthCheck]

    public init(status: Status, summary: String, checks: [HealthCheck]) {
        self.status = status
        self.summary = summary
        self.checks = checks
    }
}

public struct HealthCheck: Codable, Sendable, Equatable {
    /// Ceph's own name, e.g. `OSD_DOWN`.
    public var code: String
    public var status: Health.Status
    /// Ceph's own sentence.
    public var message: String
    /// What it means and what to do, where the appliance knows.
    public var explanation: String?
    public var isMuted: Bool

    public init(code: String, status: Health.Status, message: String, explanation: String?, isMuted: Bool) {
        self.code = code
        self.status = status
        self.message = message
        self.explanation = explanation
        self.isMuted = isMuted
    }
}

public struct Monitors: Codable, Sendable, Equatable {
    public var count: Int
    /// Names of those that agree.
    public var quorum: [String]
    public init(count: Int, quorum: [String]) {
        self.count = count
        self.quorum = quorum
    }
}

public struct Manager: Codable, Sendable, Equatable {
    public var isAvailable: Bool
    public var activeName: String?
    public var standbyCount: Int
    public init(isAvailable: Bool, activeName: String?, standbyCount: Int) {
        self.isAvailable = isAvailable
        self.activeName = activeName
        self.standbyCount = standbyCount
    }
}

public struct OSDCounts: Codable, Sendable, Equatable {
    public var total: Int
    public var up: Int
    public var `in`: Int
    public init(total: Int, up: Int, in: Int) {
        self.total = total
        self.up = up
        self.in = `in`
    }
}

/// Raw sizes, over all OSDs, before replication.
public struct Capacity: Codable, Sendable, Equatable {
    public var totalBytes: Int64
    public var usedBytes: Int64
    public var availableBytes: Int64
    public init(totalBytes: Int64, usedBytes: Int64, availableBytes: Int64) {
        self.totalBytes = totalBytes
        self.usedBytes = usedBytes
        self.availableBytes = availableBytes
    }
}

public struct ClientIO: Codable, Sendable, Equatable {
    public var readBytesPerSecond: Int64
    public var writeBytesPerSecond: Int64
    public var readOpsPerSecond: Int64
    public var writeOpsPerSecond: Int64
    public init(
        readBytesPerSecond: Int64, writeBytesPerSecond: Int64, readOpsPerSecond: Int64, writeOpsPerSecond: Int64
    ) {
        self.readBytesPerSecond = readBytesPerSecond
        self.writeBytesPerSecond = writeBytesPerSecond
        self.readOpsPerSecond = readOpsPerSecond
        self.writeOpsPerSecond = writeOpsPerSecond
    }
}

/// A kind of daemon: `mon`, `mgr`, `osd`, `mds`, `crash`…
public struct ServiceCount: Codable, Sendable, Equatable {
    public var type: String
    public var running: Int
    public var expected: Int
    public init(type: String, running: Int, expected: Int) {
        self.type = type
        self.running = running
        self.expected = expected
    }
}

public struct PlacementGroupCount: Codable, Sendable, Equatable {
    /// Ceph's own state, e.g. `active+clean`.
    public var state: String
    public var count: Int
    public init(state: String, count: Int) {
        self.state = state
        self.count = count
    }
}

// MARK: cluster.log

public struct ClusterLog: Operation {
    public static let about = About(
        "cluster.log", .read, "Gives the last lines of the cluster's own log.", route: .get("/api/cluster/log"),
        errors: clusterErrors)
    public var lines: LineCount?
    public init(lines: LineCount? = nil) { self.lines = lines }

    public struct Response: Codable, Sendable, Equatable {
        public var entries: [LogEntry]
        public init(entries: [LogEntry]) { self.entries = entries }
    }
}

public struct LogEntry: Codable, Sendable, Equatable {
    public enum Level: String, Described, CaseIterable, Sendable { case debug, info, security, warning, error }
    public var at: Timestamp
    public var level: Level
    /// Who said it, e.g. `mgr.n1.oeofwm`.
    public var source: String
    public var channel: String
    public var message: String
    public init(at: Timestamp, level: Level, source: String, channel: String, message: String) {
        self.at = at
        self.level = level
        self.source = source
        self.channel = channel
        self.message = message
    }
}

// MARK: hosts, devices, daemons, osds

public struct HostsList: Operation {
    public static let about = About(
        "hosts.list", .read, "Lists the hosts that the orchestrator manages.", route: .get("/api/hosts"),
        errors: mgrErrors)
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var hosts: [Host]
        public var freshness: Freshness
        public init(hosts: [Host], freshness: Freshness) {
            self.hosts = hosts
            self.freshness = freshness
        }
    }
}

public struct Host: Codable, Sendable, Equatable {
    public var name: String
    public var address: String
    public var labels: [String]
    /// Empty when all is well, else Ceph's own word, e.g. `offline`.
    public var status: String
    public init(name: String, address: String, labels: [String], status: String) {
        self.name = name
        self.address = address
        self.labels = labels
        self.status = status
    }
}

public struct DevicesList: Operation {
    public static let about = About(
        "devices.list", .read, "Lists the disks of every host, as the orchestrator last saw them.",
        route: .get("/api/devices"), errors: mgrErrors)
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var devices: [Device]
        public var freshness: Freshness
        public init(devices: [Device], freshness: Freshness) {
            self.devices = devices
            self.freshness = freshness
        }
    }
}

public struct Device: Codable, Sendable, Equatable {
    public var host: String
    public var path: String
    public var sizeBytes: Int64
    /// `hdd` or `ssd`, as Ceph has it.
    public var type: String
    public var vendor: String?
    public var model: String?
    public var isAvailable: Bool
    /// Why a new OSD can't be made of it.
    public var rejectedReasons: [String]
    public var seenAt: Timestamp?
    public init(
        host: String, path: String, sizeBytes: Int64, type: String, vendor: String?, model: String?,
        isAvailable: Bool, rejectedReasons: [String], seenAt: Timestamp?
    ) {
        self.host = host
        self.path = path
        self.sizeBytes = sizeBytes
        self.type = type
        self.vendor = vendor
        self.model = model
        self.isAvailable = isAvailable
        self.rejectedReasons = rejectedReasons
        self.seenAt = seenAt
    }
}

public struct DaemonsList: Operation {
    public static let about = About(
        "daemons.list", .read, "Lists the daemons that the orchestrator runs.", route: .get("/api/daemons"),
        errors: mgrErrors)
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var daemons: [Daemon]
        public var freshness: Freshness
        public init(daemons: [Daemon], freshness: Freshness) {
            self.daemons = daemons
            self.freshness = freshness
        }
    }
}

public struct Daemon: Codable, Sendable, Equatable {
    /// E.g. `mon.n1`.
    public var name: String
    public var type: String
    public var host: String
    /// Ceph's own word: `running`, `stopped`, `error`, `unknown`.
    public var status: String
    public var version: String?
    public var memoryBytes: Int64?
    public var startedAt: Timestamp?
    public var refreshedAt: Timestamp?
    public init(
        name: String, type: String, host: String, status: String, version: String?, memoryBytes: Int64?,
        startedAt: Timestamp?, refreshedAt: Timestamp?
    ) {
        self.name = name
        self.type = type
        self.host = host
        self.status = status
        self.version = version
        self.memoryBytes = memoryBytes
        self.startedAt = startedAt
        self.refreshedAt = refreshedAt
    }
}

public struct OSDsList: Operation {
    public static let about = About(
        "osds.list", .read, "Lists the OSDs with their state and use.", route: .get("/api/osds"), errors: mgrErrors)
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var osds: [OSD]
        public var freshness: Freshness
        public init(osds: [OSD], freshness: Freshness) {
            self.osds = osds
            self.freshness = freshness
        }
    }
}

public struct OSD: Codable, Sendable, Equatable {
    public var id: Int
    public var host: String?
    public var deviceClass: String?
    public var isUp: Bool
    public var isIn: Bool
    public var totalBytes: Int64
    public var usedBytes: Int64
    public var availableBytes: Int64
    public var placementGroups: Int
    public init(
        id: Int, host: String?, deviceClass: String?, isUp: Bool, isIn: Bool, totalBytes: Int64, usedBytes: Int64,
        availableBytes: Int64, placementGroups: Int
    ) {
        self.id = id
        self.host = host
        self.deviceClass = deviceClass
        self.isUp = isUp
        self.isIn = isIn
        self.totalBytes = totalBytes
        self.usedBytes = usedBytes
        self.availableBytes = availableBytes
        self.placementGroups = placementGroups
    }
}
