import IPC

/// The rows about what stands in a new cluster's way: its image, its ports, its place, and an earlier cluster.
extension RequirementRow {
    @Sendable static func image(_ facts: NodeFacts) -> Requirement {
        func row(_ actual: String, _ outcome: Outcome) -> Requirement {
            Requirement(
                id: "image", title: "Container image of Ceph", actual: actual,
                needed: "\(facts.image), here or to be fetched", outcome)
        }
        switch facts.imageState {
        case .present: return row("here", .ok)
        case .toBePulled: return row("fetched when the cluster is made", .ok)
        case .missing:
            return row(
                "not here", .blocking("This node may not fetch images. Load it with podman load, or allow image_pull in aquarium.json."))
        case .unknown(let reason):
            return row("unknown: \(reason)", .warning("Check podman: podman image exists \(facts.image)"))
        }
    }

    @Sendable static func ports(_ facts: NodeFacts) -> Requirement {
        let taken = Ports.monitor.filter(facts.listeningPorts.contains)
        return Requirement(
            id: "ports", title: "Ports of the monitor",
            actual: taken.isEmpty ? "free" : "in use: \(taken.map { "\($0)" }.joined(separator: ", "))",
            needed: "\(Ports.monitor.map { "\($0)" }.joined(separator: " and ")) free",
            taken.isEmpty ? .ok : .blocking("Stop what listens there: ss -ltnp shows it. It may be another cluster."))
    }

    @Sendable static func cluster(_ facts: NodeFacts) -> Requirement {
        func row(_ actual: String, _ outcome: Outcome) -> Requirement {
            Requirement(
                id: "cluster", title: "Earlier cluster", actual: actual, needed: "none on this machine", outcome)
        }
        let daemons = facts.daemons.value ?? []
        var found = facts.clusterFiles
        if !daemons.isEmpty {
            let fsids = Set(daemons.compactMap(\.fsid)).sorted().joined(separator: ", ")
            found.append("\(count(daemons.count, "daemon")) of cluster \(fsids.isEmpty ? "unknown" : fsids)")
        }
        guard found.isEmpty else {
            return row(
                found.joined(separator: ", "),
                .blocking("If that cluster is no longer needed, remove it: cephadm rm-cluster --force --fsid FSID"))
        }
        if case .none(let reason) = facts.daemons {
            return row("unknown: \(reason)", .warning("Check with cephadm ls that no other cluster is here."))
        }
        return row("none", .ok)
    }

    @Sendable static func space(_ facts: NodeFacts) -> Requirement {
        let least: Int64 = 5 << 30
        let comfortable: Int64 = 10 << 30
        let bytes = facts.space.compactMap(\.bytes).min()
        let outcome: Outcome =
            switch bytes {
            case nil: .warning("Check with df that the file system has room.")
            case let bytes? where bytes < least:
                .blocking("Free some space: images, databases and logs of Ceph lie there.")
            case let bytes? where bytes < comfortable: .warning("Logs and monitor data grow. Make room before long.")
            default: .ok
            }
        return Requirement(
            id: "space", title: "Free space for Ceph's own files",
            actual: facts.space.map { "\($0.path): \($0.bytes.map(gibibytes) ?? "unknown")" }.joined(separator: ", "),
            needed: "\(gibibytes(comfortable)) or more", outcome)
    }
}
