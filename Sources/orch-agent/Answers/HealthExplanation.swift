/// Ceph's health checks in words: what each means for a person who does not know Ceph, and what to do.
/// Codes and meanings: https://docs.ceph.com/en/latest/rados/operations/health-checks/ and, for `CEPHADM_…`,
/// https://docs.ceph.com/en/latest/cephadm/operations/.
enum HealthExplanation {
    /// Nil for a code that is not known here.
    static func of(_ code: String) -> String? {
        byCode[code]
    }

    private static let byCode: [String: String] = [
        // Monitors and managers
        "MON_DOWN": "A monitor can't be reached. The cluster works as long as most of them agree. "
            + "Check the node that runs it.",
        "MON_CLOCK_SKEW": "The nodes' clocks differ. Check that time synchronisation runs on every node.",
        "MON_DISK_LOW": "The disk that holds a monitor's data is nearly full. Free space on the system disk.",
        "MON_DISK_CRIT": "The disk that holds a monitor's data is full up to the last percent. "
            + "Free space on the system disk now, or the monitor stops.",
        "MON_DISK_BIG": "A monitor's database is large. It shrinks by itself once all OSDs are up and clean.",
        "MGR_DOWN": "No manager daemon runs: data stays available, but statistics and changes wait until it is back. "
            + "It is usually restarted within a minute.",
        "MGR_MODULE_ERROR": "A part of the manager has failed. The cluster's log names it; "
            + "restarting the manager often helps.",
        "MGR_MODULE_DEPENDENCY": "A part of the manager lacks a library that it needs and is switched off.",
        "AUTH_INSECURE_GLOBAL_ID_RECLAIM": "Clients of an outdated version are connected. Update them.",
        "AUTH_INSECURE_GLOBAL_ID_RECLAIM_ALLOWED": "The cluster still lets outdated clients in insecurely. "
            + "Forbid it once all clients are up to date.",
        "DAEMON_OLD_VERSION": "Some daemons run an older version of Ceph. Finish the update.",

        // OSDs: the disks
        "OSD_DOWN": "One or more disks (OSDs) don't answer. Check their node, their cables and the disks themselves. "
            + "After ten minutes the cluster rebuilds their data elsewhere, if there is room.",
        "OSD_HOST_DOWN": "All disks of a host are down. Check that the host is up and its network works.",
        "OSD_ROOT_DOWN": "All disks of the cluster are down. Check power and network of the nodes.",
        "OSD_ORPHAN": "The map of the cluster names a disk that does not exist.",
        "OSD_NEARFULL": "A disk is nearly full. Add disks or delete data soon.",
        "OSD_BACKFILLFULL": "A disk is so full that the cluster can't rebuild data onto it. Add disks or delete data.",
        "OSD_FULL": "A disk is full: the cluster refuses to write. Add disks or delete data now.",
        "OSD_SCRUB_ERRORS": "A check of the stored data found differences between copies. A disk may be failing.",
        "OSD_SLOW_PING_TIME_BACK": "The network between the nodes is slow. Check its links and switches.",
        "OSD_SLOW_PING_TIME_FRONT": "The network between the nodes is slow. Check its links and switches.",
        "OSDMAP_FLAGS": "Somebody has switched off a function of the cluster by a flag, usually for maintenance. "
            + "Remove the flag when the work is done.",
        "OSD_FLAGS": "A flag for maintenance is set on some disks or hosts. Remove it when the work is done.",
        "TOO_FEW_OSDS": "There are fewer disks than the wished number of copies. Add disks.",
        "BLUEFS_SPILLOVER": "A disk's database no longer fits on its fast device and has become slower.",
        "BLUESTORE_SLOW_OP_ALERT": "A disk answers slowly. It may be failing.",
        "DEVICE_HEALTH": "A disk is expected to fail soon. Replace it.",
        "DEVICE_HEALTH_IN_USE": "A disk that is expected to fail soon still holds data. Replace it.",
        "DEVICE_HEALTH_TOOMANY": "So many disks are expected to fail that their data can't be moved. Add disks.",
        "SLOW_OPS":
            "Some reads or writes take more than half a minute. A disk or the network is overloaded or failing.",

        // Pools and data
        "PG_AVAILABILITY": "Some data can't be reached now. While a cluster starts or has just got disks this passes "
            + "within a minute; otherwise look which disks are down.",
        "PG_DEGRADED": "Some data has fewer copies than it should. The cluster is making them again, "
            + "or waits for enough disks to do so.",
        "PG_RECOVERY_FULL": "Data can't be rebuilt, because disks are full. Add disks or delete data now.",
        "PG_BACKFILL_FULL": "Data can't be moved, because disks are nearly full. Add disks or delete data.",
        "PG_DAMAGED":
            "Some data is inconsistent between its copies. A disk may be failing; the copies can be repaired.",
        "PG_NOT_SCRUBBED": "The regular check of stored data is late. It catches up when the disks have time.",
        "PG_NOT_DEEP_SCRUBBED": "The regular thorough check of stored data is late. "
            + "It catches up when the disks have time.",
        "OBJECT_MISPLACED": "Some data is not yet where it belongs. The cluster is moving it; it is safe.",
        "OBJECT_UNFOUND": "Some data exists only on disks that are down. Bring them back.",
        "LARGE_OMAP_OBJECTS": "Some objects have very large indexes, which makes repairs slow.",
        "POOL_NO_REDUNDANCY": "Some data is kept in a single copy: if its disk fails, it is lost. "
            + "Add disks, then raise the number of copies.",
        "POOL_FULL": "A pool has reached its limit and refuses to write.",
        "POOL_NEAR_FULL": "A pool is close to its limit.",
        "POOL_NEARFULL": "The disks under a pool are nearly full. Add disks or delete data soon.",
        "POOL_BACKFILLFULL": "The disks under a pool are so full that data can't be rebuilt. Add disks or delete data.",
        "POOL_APP_NOT_ENABLED": "A pool does not say what it is used for.",
        "POOL_TOO_FEW_PGS": "A pool is divided into too few parts to spread evenly.",
        "POOL_TOO_MANY_PGS": "A pool is divided into more parts than it needs.",
        "TOO_FEW_PGS": "The data is divided into too few parts to spread evenly over the disks.",
        "TOO_MANY_PGS": "The data is divided into so many parts that the disks need much memory.",

        // File systems
        "FS_DEGRADED":
            "A file system waits for its metadata daemon (MDS) to take over. This usually passes in seconds.",
        "MDS_ALL_DOWN": "A file system is offline: none of its metadata daemons (MDS) runs.",
        "MDS_INSUFFICIENT_STANDBY": "No spare metadata daemon (MDS) is ready to take over.",
        "MDS_UP_LESS_THAN_MAX": "Fewer metadata daemons (MDS) run than the file system wants.",
        "MDS_SLOW_METADATA_IO": "A metadata daemon (MDS) waits long for the disks.",
        "MDS_SLOW_REQUEST": "A metadata daemon (MDS) answers slowly.",
        "MDS_CLIENT_LATE_RELEASE": "A client holds files that others wait for. Check that client.",

        // Daemons and hosts
        "RECENT_CRASH": "A daemon has crashed lately. It was probably restarted; the warning stays for two weeks, "
            + "or until the crash is archived.",
        "CEPHADM_FAILED_DAEMON": "A daemon does not run although it should. Its log on its host tells why.",
        "CEPHADM_HOST_CHECK_FAILED": "A host can't be reached or lacks something that Ceph needs there.",
        "CEPHADM_REFRESH_FAILED": "The orchestrator can't read a host's state: what is shown of it may be old.",
        "CEPHADM_STRAY_DAEMON": "A daemon runs that the orchestrator does not manage.",
        "CEPHADM_STRAY_HOST": "Daemons run on a host that the orchestrator does not manage.",
        "CEPHADM_PAUSED": "The orchestrator is paused: it changes nothing until it is resumed.",
        "CEPHADM_DAEMON_PLACE_FAIL": "The orchestrator could not place a daemon. The cluster's log tells why.",
        "CEPHADM_APPLY_SPEC_FAIL": "The orchestrator could not carry out a service's specification. "
            + "The cluster's log tells why.",
        "UPGRADE_FAILED_PULL": "An update waits: the image of the new version can't be loaded.",
    ]
}
