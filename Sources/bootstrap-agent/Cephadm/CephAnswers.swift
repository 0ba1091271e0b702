import IPC

/// What the programs answer, as far as this agent reads it; everything else in them is tolerated. Seen in Ceph
/// 16.2.15 and 18.2.7.
struct CephadmDaemon: Decodable, Sendable, Equatable {
    let name: String
    let fsid: String?
}

/// `ceph-volume raw list --format json`: by the OSD's uuid.
struct RawOSD: Decodable, Sendable, Equatable {
    let ceph_fsid: String
    let device: String
    let osd_id: Int
}

/// `ceph-volume lvm list --format json`: by the OSD's id.
struct LVMOSD: Decodable, Sendable, Equatable {
    let devices: [String]
    let tags: [String: String]

    var clusterFsid: String? { tags["ceph.cluster_fsid"] }
}

struct CephStatus: Decodable, Sendable {
    let fsid: String
    let health: Health
    let osdmap: OSDCounts
    let mgrmap: Manager
    let pgmap: PlacementGroups

    struct Health: Decodable, Sendable {
        let status: String
        let checks: [String: Check]
    }
    struct Check: Decodable, Sendable {
        let severity: String
        let summary: Summary
    }
    struct Summary: Decodable, Sendable { let message: String }
    struct Manager: Decodable, Sendable { let available: Bool }
    struct PlacementGroups: Decodable, Sendable {
        let num_pgs: Int
        let pgs_by_state: [PlacementGroupState]

        var activeCount: Int {
            pgs_by_state.reduce(0) { $0 + ($1.state_name.split(separator: "+").contains("active") ? $1.count : 0) }
        }
    }
    struct PlacementGroupState: Decodable, Sendable {
        let state_name: String
        let count: Int
    }
    struct OSDCounts: Decodable, Sendable {
        let num_up_osds: Int
        let num_in_osds: Int
    }
}

struct OrchestratorStatus: Decodable, Sendable {
    let available: Bool
    let backend: String
}

struct OrchestratorHost: Decodable, Sendable {
    let hostname: String
    let labels: [String]
    let status: String
}

struct OrchestratorDevices: Decodable, Sendable {
    let name: String
    let devices: [Device]

    struct Device: Decodable, Sendable {
        let path: String
        let available: Bool
        let rejected_reasons: [String]?
    }
}

struct ConfigEntry: Decodable, Sendable {
    let section: String
    let name: String
    let value: String
}

struct OSDDump: Decodable, Sendable {
    let osds: [OSD]

    struct OSD: Decodable, Sendable {
        let osd: Int
        let up: Int
        let `in`: Int
        let state: [String]
    }
}

struct OSDMetadata: Decodable, Sendable {
    let id: Int
    /// Missing until the OSD has been up once.
    let hostname: String?
    /// Kernel names of the disks, separated by commas.
    let devices: String?
}

/// `ceph tell osd.N version`
struct OSDVersion: Decodable, Sendable {
    let version: String
}

struct CrushRule: Decodable, Sendable {
    let steps: [Step]
    struct Step: Decodable, Sendable {
        let op: String
        let type: String?
    }
}

struct AuthEntry: Decodable, Sendable {
    let entity: String
    let key: Secret
    let caps: [String: String]
}
