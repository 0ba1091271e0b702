/// How far `cephadm bootstrap` is, from its own lines: Ceph 16 writes them to stderr, later releases to stdout.
struct BootstrapProgress: Sendable {
    /// By the share of the time that bootstraps of 16.2.15 took until each line.
    private static let milestones: [(start: String, fraction: Double, activity: String)] = [
        ("Verifying ", 0.01, "checking the node"),
        ("Cluster fsid: ", 0.05, "checking addresses and ports"),
        ("Ceph version: ", 0.07, "starting Ceph's container"),
        ("Extracting ceph user", 0.10, "reading the container image"),
        ("Creating initial keys", 0.15, "making the first keys"),
        ("Creating mon...", 0.20, "creating the monitor"),
        ("Waiting for mon to start", 0.25, "waiting for the monitor"),
        ("mon is available", 0.30, "the monitor runs"),
        ("Assimilating anything", 0.35, "storing the settings"),
        ("Generating new minimal ceph.conf", 0.40, "writing the configuration"),
        ("Creating mgr...", 0.45, "creating the manager"),
        ("Waiting for mgr...", 0.50, "waiting for the manager"),
        ("mgr is available", 0.58, "the manager runs"),
        ("Enabling cephadm module", 0.60, "enabling the orchestrator"),
        ("Setting orchestrator backend", 0.70, "setting the orchestrator up"),
        ("Generating ssh key", 0.75, "making the ssh key"),
        ("Adding host ", 0.80, "adding this node to the cluster"),
        ("Deploying mon service", 0.88, "placing the monitor service"),
        ("Deploying mgr service", 0.90, "placing the manager service"),
        ("Deploying crash service", 0.92, "placing the crash service"),
        ("Enabling client.admin keyring", 0.95, "labelling the node"),
        ("Bootstrap complete", 1.0, "the cluster is made"),
    ]

    private(set) var fraction = 0.0

    /// - Returns: the new progress, if this line is one that tells; it never goes back.
    mutating func line(_ line: String) -> PhaseProgress? {
        guard let milestone = Self.milestones.last(where: { line.hasPrefix($0.start) && $0.fraction > fraction })
        else { return nil }
        fraction = milestone.fraction
        return PhaseProgress(activity: "cephadm: \(milestone.activity)", fraction: fraction)
    }
}
