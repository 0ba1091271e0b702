import IPC

/// All that the requirements are judged by; gathered by `NodeInventory`, judged by pure functions.
struct NodeFacts: Sendable, Equatable {
    var cpuThreads: Int
    var memoryBytes: Int64?
    var hostname: String
    var addresses: [NodeAddress]
    var disks: [Disk]
    /// The services that keep the time; a reason when systemd doesn't answer.
    var timeUnits: Answer<[SystemdUnit]>
    var listeningPorts: Set<UInt16>
    var cephadm: CephadmState
    /// "4.3.1"
    var podmanVersion: Answer<String>
    var hasLVM: Bool
    var image: ImageReference
    var imageState: ImageState
    /// Files of a cluster in /etc/ceph, which make cephadm refuse.
    var clusterFiles: [String]
    var daemons: Answer<[CephadmDaemon]>
    var space: [FreeSpace]
    var cephVolume: CephVolumeState
}

enum CephadmState: Sendable, Equatable {
    case absent
    case works
    /// It is there, and `cephadm gather-facts` fails.
    case fails(String)
}

enum ImageState: Sendable, Equatable {
    case present
    /// The first phase fetches it.
    case toBePulled
    /// Not here, and the node may not fetch any.
    case missing
    case unknown(String)
}

struct FreeSpace: Sendable, Equatable {
    let path: String
    let bytes: Int64?
}
