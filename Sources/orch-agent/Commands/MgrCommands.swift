import IPC

/// `ceph osd df tree`: how full each OSD is, and where it is.
struct OSDDf: CephCommand {
    static let prefix = "osd df"
    static let target = Target.mgr
    var arguments: [(String, JSON?)] { [("output_method", "tree")] }

    struct Output: Decodable, Sendable {
        var nodes: [Node]
        /// OSDs that are in no place of the CRUSH map.
        var stray: [Node]?
    }

    struct Node: Decodable, Sendable {
        var id: Int
        var name: String
        var type: String
        var children: [Int]?
        var deviceClass: String?
        /// KiB, as are the others.
        var kb: Int64?
        var kbUsed: Int64?
        var kbAvail: Int64?
        var pgs: Int?
    }
}

/// `ceph orch host ls`.
struct OrchHostLs: CephCommand {
    static let prefix = "orch host ls"
    static let target = Target.mgr

    typealias Output = [Host]

    struct Host: Decodable, Sendable {
        var hostname: String
        var addr: String
        var labels: [String]?
        var status: String?
    }
}

/// `ceph orch device ls`.
struct OrchDeviceLs: CephCommand {
    static let prefix = "orch device ls"
    static let target = Target.mgr

    typealias Output = [Host]

    struct Host: Decodable, Sendable {
        var name: String
        var devices: [Device]
    }

    struct Device: Decodable, Sendable {
        var path: String
        var available: Bool
        var rejectedReasons: [String]?
        var humanReadableType: String?
        /// E.g. `2026-11-22T15:50:07.449856Z`.
        var created: String?
        var sysApi: SysAPI
    }

    struct SysAPI: Decodable, Sendable {
        /// Bytes. ceph-volume writes them as `6442450944.0`.
        var size: Int64
        var vendor: String?
        var model: String?
    }
}

/// `ceph orch ps`.
struct OrchPs: CephCommand {
    static let prefix = "orch ps"
    static let target = Target.mgr

    typealias Output = [Daemon]

    struct Daemon: Decodable, Sendable {
        /// Older orchestrators give only type and id.
        var daemonName: String?
        var daemonType: String
        var daemonId: String
        var hostname: String
        var statusDesc: String?
        var version: String?
        /// Bytes; 0 when podman can't tell.
        var memoryUsage: Int64?
        var started: String?
        var lastRefresh: String?
    }
}

/// `ceph orch ls`: the services that the orchestrator keeps.
struct OrchLs: CephCommand {
    static let prefix = "orch ls"
    static let target = Target.mgr

    typealias Output = [Service]

    struct Service: Decodable, Sendable {
        var serviceType: String
        var status: Counts?
    }

    struct Counts: Decodable, Sendable {
        var running: Int?
        var size: Int?
    }
}
