import IPC

/// The rows of the requirements list: one function a row, from the facts alone.
enum RequirementRow {
    static let all: [@Sendable (NodeFacts) -> Requirement] = [
        cpu, memory, disks, diskSize, hostname, addresses, timeSync, ssh, cephadm, containerEngine, lvm, image,
        ports, cluster, space, cephVolume,
    ]

    @Sendable static func cpu(_ facts: NodeFacts) -> Requirement {
        Requirement(
            id: "cpu", title: "Processor", actual: count(facts.cpuThreads, "thread"), needed: "2 threads or more",
            facts.cpuThreads >= 2
                ? .ok : .warning("Ceph works on less, slowly. Use a machine with more processor threads."))
    }

    @Sendable static func memory(_ facts: NodeFacts) -> Requirement {
        let needed: Int64 = 2 << 30
        return Requirement(
            id: "memory", title: "Memory", actual: facts.memoryBytes.map(gibibytes) ?? "unknown",
            needed: "\(gibibytes(needed)) or more",
            facts.memoryBytes ?? 0 >= needed
                ? .ok : .warning("Daemons may be killed when memory runs out. Add memory, or use few disks."))
    }

    @Sendable static func disks(_ facts: NodeFacts) -> Requirement {
        let usable = facts.disks.count(where: \.isUsable)
        return Requirement(
            id: "disks", title: "Disks for storage", actual: "\(usable) usable of \(facts.disks.count)",
            needed: "1 usable disk or more",
            usable > 0
                ? .ok : .blocking("Attach a blank disk, or free one: the list of disks says what is against each."))
    }

    @Sendable static func diskSize(_ facts: NodeFacts) -> Requirement {
        let largest = facts.disks.filter(\.isUsable).map(\.sizeBytes).max()
        let needed: Int64 = 10 << 30
        return Requirement(
            id: "disk_size", title: "Largest usable disk", actual: largest.map(gibibytes) ?? "none",
            needed: "\(gibibytes(needed)) or more",
            largest ?? 0 >= needed ? .ok : .warning("Enough to try it out, not to store much. Attach a larger disk."))
    }

    @Sendable static func hostname(_ facts: NodeFacts) -> Requirement {
        Requirement(
            id: "hostname", title: "Host name", actual: facts.hostname.isEmpty ? "none" : facts.hostname,
            needed: "a short name, without a domain, not localhost",
            (try? HostName(facts.hostname)) != nil
                ? .ok : .warning("Choose a short host name below: the node gets it when the cluster is made."))
    }

    @Sendable static func addresses(_ facts: NodeFacts) -> Requirement {
        Requirement(
            id: "addresses", title: "Network address",
            actual: facts.addresses.isEmpty ? "none" : facts.addresses.map(\.address.text).joined(separator: ", "),
            needed: "one that other machines can reach",
            facts.addresses.isEmpty ? .blocking("Connect the network, and give the machine a fixed address.") : .ok)
    }

    @Sendable static func timeSync(_ facts: NodeFacts) -> Requirement {
        func row(_ actual: String, _ outcome: Outcome) -> Requirement {
            Requirement(
                id: "time_sync", title: "Time synchronisation", actual: actual,
                needed: "a time service that runs and starts by itself", outcome)
        }
        switch facts.timeUnits {
        case .none(let reason):
            return row("unknown: \(reason)", .warning("Check that a time service such as chrony runs."))
        case .some(let units):
            guard let active = units.first(where: { $0.isActive && $0.isEnabled }) ?? units.first(where: \.isActive)
            else {
                return row("none", .warning("Install and enable chrony; else cephadm tries to, which takes a network."))
            }
            return active.isEnabled
                ? row(active.name, .ok)
                : row("\(active.name), not enabled", .warning("Enable it: systemctl enable \(active.name)"))
        }
    }

    @Sendable static func ssh(_ facts: NodeFacts) -> Requirement {
        let isListening = facts.listeningPorts.contains(Ports.ssh)
        return Requirement(
            id: "ssh", title: "SSH server", actual: isListening ? "listening" : "not listening",
            needed: "listening on port \(Ports.ssh)",
            isListening
                ? .ok : .blocking("Ceph manages its nodes by SSH. Start the server: systemctl enable --now ssh"))
    }

    @Sendable static func cephadm(_ facts: NodeFacts) -> Requirement {
        func row(_ actual: String, _ outcome: Outcome) -> Requirement {
            Requirement(id: "cephadm", title: "cephadm", actual: actual, needed: "installed", outcome)
        }
        switch facts.cephadm {
        case .works: return row("installed", .ok)
        case .absent: return row("not installed", .blocking("Install the package cephadm."))
        case .fails(let reason):
            return row("gather-facts fails: \(reason)", .warning("Run cephadm gather-facts by hand to see why."))
        }
    }

    @Sendable static func containerEngine(_ facts: NodeFacts) -> Requirement {
        func row(_ actual: String, _ outcome: Outcome) -> Requirement {
            Requirement(
                id: "container_engine", title: "Container engine", actual: actual, needed: "podman 2.0.2 or newer",
                outcome)
        }
        let install = Outcome.blocking("Install the package podman.")
        switch facts.podmanVersion {
        case .none(let reason): return row("no podman: \(reason)", install)
        case .some(let version):
            // The least that cephadm takes (MIN_PODMAN_VERSION).
            let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
            return row("podman \(version)", numbers.lexicographicallyPrecedes([2, 0, 2]) ? install : .ok)
        }
    }

    @Sendable static func lvm(_ facts: NodeFacts) -> Requirement {
        Requirement(
            id: "lvm", title: "Volume manager", actual: facts.hasLVM ? "installed" : "not installed",
            needed: "LVM (lvcreate)", facts.hasLVM ? .ok : .blocking("Install the package lvm2."))
    }

    @Sendable static func cephVolume(_ facts: NodeFacts) -> Requirement {
        func row(_ actual: String, _ outcome: Outcome) -> Requirement {
            Requirement(
                id: "ceph_volume", title: "Ceph's own look at the disks", actual: actual,
                needed: "a second opinion, where the image is on this machine", outcome)
        }
        switch facts.cephVolume {
        case .imageAbsent: return row("not asked: the image is not here yet", .ok)
        case .asked(.none(let reason)):
            return row("failed: \(reason)", .warning("The disks are judged by this machine's own look at them alone."))
        case .asked(.some(let inventory)):
            let rejected = inventory.rejections.count { !$0.value.isEmpty }
            return row("\(count(inventory.rejections.count, "disk")) seen, \(rejected) rejected", .ok)
        }
    }
}

/// The verdict of a row, with the hint that one other than `ok` must have.
enum Outcome {
    case ok
    case warning(String)
    case blocking(String)
}

extension Requirement {
    init(id: String, title: String, actual: String, needed: String, _ outcome: Outcome) {
        switch outcome {
        case .ok: self.init(id: id, title: title, actual: actual, needed: needed, verdict: .ok)
        case .warning(let hint):
            self.init(id: id, title: title, actual: actual, needed: needed, verdict: .warning, hint: hint)
        case .blocking(let hint):
            self.init(id: id, title: title, actual: actual, needed: needed, verdict: .blocking, hint: hint)
        }
    }
}

/// "1 disk", "2 disks".
func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
