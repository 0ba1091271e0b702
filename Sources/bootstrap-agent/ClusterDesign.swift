import FoundationEssentials
import IPC

/// All that follows from the choices, the configuration and the node, before anything is done: both the plan and the
/// steps are made from it, so that what is shown is what happens.
struct ClusterDesign: Sendable, Equatable {
    let choices: BootstrapChoices
    let image: ImageReference
    /// Whether the image may come from its registry.
    let imagePull: Bool
    let facts: MachineFacts

    init(choices: BootstrapChoices, configuration: Configuration, facts: MachineFacts) {
        self.choices = choices
        image = choices.image ?? configuration.image
        imagePull = configuration.imagePull
        self.facts = facts
    }

    var hostname: String { choices.hostname.text }
    var address: String { choices.address.text }

    /// Two copies on two disks: on a single node a third one guards against little, and costs a third of the space.
    var poolSize: Int { min(choices.disks.count, 2) }

    var rawBytes: Int64 { choices.disks.reduce(0) { $0 + $1.sizeBytes } }
    var usableBytes: Int64 { rawBytes / Int64(max(poolSize, 1)) }

    /// LVM is what Ceph recommends; where the kernel has no device-mapper there is only the bare device.
    var osdMethod: [String] { facts.hasDeviceMapper ? [] : ["raw"] }

    /// Half of the memory for the OSDs together, each within what Ceph allows as least and sets by default.
    var osdMemoryTarget: Int64 {
        let each = facts.memoryBytes / 2 / Int64(max(choices.disks.count, 1))
        return min(max(each, 896 << 20), 4 << 30)
    }

    /// What differs from Ceph's defaults, and why.
    var settings: [ClusterSetting] {
        var all: [ClusterSetting] = [
            // Copies go to different disks, since there are no different hosts.
            ClusterSetting("global", "osd_crush_chooseleaf_type", "0"),
            ClusterSetting("global", "osd_pool_default_size", "\(poolSize)"),
            ClusterSetting("mon", "auth_allow_insecure_global_id_reclaim", "false"),
            // The monitor's store stays small; the default of 30 % free is for big clusters.
            ClusterSetting("mon", "mon_data_avail_warn", "5"),
            // cephadm's own tuning assumes 4 GiB for the mgr alone.
            ClusterSetting("osd", "osd_memory_target_autotune", "false"),
            ClusterSetting("osd", "osd_memory_target", "\(osdMemoryTarget)"),
            // Hosts that join later get /etc/ceph/ceph.conf with all monitors.
            ClusterSetting("mgr", "mgr/cephadm/manage_etc_ceph_ceph_conf", "true"),
        ]
        if poolSize == 1 {
            all.append(ClusterSetting("global", "mon_allow_pool_size_one", "true"))
            // The plan has warned; a warning that can't go away would hide others.
            all.append(ClusterSetting("global", "mon_warn_on_pool_no_redundancy", "false"))
        }
        if !imagePull {
            // An image that no registry serves has no digest to fetch it by.
            all.append(ClusterSetting("mgr", "mgr/cephadm/use_repo_digest", "false"))
        }
        return all
    }

    var warnings: [String] {
        var all: [String] = []
        if poolSize == 1 {
            all.append("There is one disk, so one copy of everything: when this disk fails, all data is lost.")
        }
        if !facts.hasDeviceMapper {
            all.append("This machine's kernel has no device-mapper: the OSDs use the bare disks, without LVM.")
        }
        return all
    }
}

/// One `ceph config set`.
struct ClusterSetting: Sendable, Equatable {
    let section: String
    let name: String
    let value: String

    init(_ section: String, _ name: String, _ value: String) {
        self.section = section
        self.name = name
        self.value = value
    }
}

/// What the design needs to know of the machine.
struct MachineFacts: Sendable, Equatable {
    var hostname: String
    var memoryBytes: Int64
    var hasDeviceMapper: Bool

    init(hostname: String, memoryBytes: Int64, hasDeviceMapper: Bool) {
        self.hostname = hostname
        self.memoryBytes = memoryBytes
        self.hasDeviceMapper = hasDeviceMapper
    }

    init(_ files: HostFiles) throws(FileError) {
        hostname = try files.text("/proc/sys/kernel/hostname").filter { !$0.isNewline }
        let memory = try files.text("/proc/meminfo").split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        let kibibytes = memory?.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
        memoryBytes = (kibibytes ?? 0) << 10
        // The node may be there before the module is loaded; the module may be built in without the node.
        hasDeviceMapper =
            files.exists("/dev/mapper/control")
            || (try? files.text("/proc/misc"))?.split(separator: "\n").contains { $0.hasSuffix(" device-mapper") }
                == true
    }
}
