import IPC

extension Requirements {
    init(_ facts: NodeFacts, checkedAt: Timestamp) {
        let rows = RequirementRow.all.map { $0(facts) }
        let verdict = [Verdict.blocking, .warning].first { verdict in rows.contains { $0.verdict == verdict } } ?? .ok
        self.init(
            verdict: verdict, rows: rows, disks: facts.disks, addresses: facts.addresses, hostname: facts.hostname,
            defaults: BootstrapChoices(defaultsFor: facts), checkedAt: checkedAt)
    }
}

extension BootstrapChoices {
    /// What one gets by changing nothing: the node's own name, its likeliest address, all usable disks.
    init?(defaultsFor facts: NodeFacts) {
        let disks = facts.disks.filter(\.isUsable).compactMap { disk -> ChosenDisk? in
            guard let id = disk.id, let path = try? DevicePath(disk.path) else { return nil }
            return ChosenDisk(id: id, path: path, sizeBytes: disk.sizeBytes)
        }
        guard let address = facts.addresses.first?.address, !disks.isEmpty,
            let hostname = Self.hostname(from: facts.hostname)
        else { return nil }
        self.init(hostname: hostname, address: address, disks: disks)
    }

    /// The first label of what the node is called.
    private static func hostname(from name: String) -> HostName? {
        let label = name.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return (try? HostName(label)) ?? (try? HostName("storage1"))
    }
}
