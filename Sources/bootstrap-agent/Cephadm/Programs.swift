import IPC

/// A command whose output is JSON of a known shape.
struct Query<Output: Decodable & Sendable>: Sendable {
    let command: Command
}

/// Debian's cephadm. Every command that this agent can give it.
enum Cephadm {
    static let program = "/usr/sbin/cephadm"

    static func bootstrap(_ design: ClusterDesign, fsid: String, config: String, options: Set<String>) -> Command {
        var arguments = [
            "--image", design.image.text, "bootstrap", "--mon-ip", design.address, "--fsid", fsid, "--config", config,
            "--skip-pull", "--skip-monitoring-stack", "--skip-dashboard", "--skip-firewalld", "--single-host-defaults",
        ]
        if let network = design.choices.clusterNetwork { arguments += ["--cluster-network", network.text] }
        // Later releases would remove the traces of a failure, which is clean-up's to do, when asked.
        arguments += options.intersection(["--no-cleanup-on-failure"]).sorted()
        return Command(program: program, arguments: arguments, limit: .seconds(1200))
    }

    static let bootstrapHelp = Command(program: program, arguments: ["bootstrap", "--help"], limit: .seconds(30))

    static func removeCluster(fsid: String) -> Command {
        Command(program: program, arguments: ["rm-cluster", "--fsid", fsid, "--force"], limit: .seconds(300))
    }

    static let list = Query<[CephadmDaemon]>(
        command: Command(program: program, arguments: ["ls", "--no-detail"], limit: .seconds(60)))

    static func zap(_ device: String, image: ImageReference) -> Command {
        volume(["lvm", "zap", "--destroy", device], image: image, limit: .seconds(300))
    }

    static func rawOSDs(image: ImageReference) -> Query<[String: RawOSD]> {
        Query(command: volume(["raw", "list", "--format", "json"], image: image, limit: .seconds(120)))
    }

    static func lvmOSDs(image: ImageReference) -> Query<[String: [LVMOSD]]> {
        Query(command: volume(["lvm", "list", "--format", "json"], image: image, limit: .seconds(120)))
    }

    private static func volume(_ arguments: [String], image: ImageReference, limit: Duration) -> Command {
        Command(
            program: program, arguments: ["--image", image.text, "ceph-volume", "--"] + arguments, limit: limit)
    }
}

/// The `ceph` program of Debian's ceph-common, as client.admin: bootstrap is the one time when it is needed.
enum Ceph {
    static let program = "/usr/bin/ceph"
    static let config = "/etc/ceph/ceph.conf"
    static let adminKeyring = "/etc/ceph/ceph.client.admin.keyring"
    static let sshPublicKey = "/etc/ceph/ceph.pub"

    static let status = query(["status"], of: CephStatus.self)
    static let orchestratorStatus = query(["orch", "status"], of: OrchestratorStatus.self)
    static let hosts = query(["orch", "host", "ls"], of: [OrchestratorHost].self)
    static let configDump = query(["config", "dump"], of: [ConfigEntry].self)
    static let osdDump = query(["osd", "dump"], of: OSDDump.self)
    static let osdMetadata = query(["osd", "metadata"], of: [OSDMetadata].self)
    /// Asks the OSD's own process. It blocks for as long as none answers under the address that the monitors know.
    static func osdVersion(_ id: Int) -> Query<OSDVersion> { query(["tell", "osd.\(id)", "version"], of: OSDVersion.self) }
    static let crushRules = query(["osd", "crush", "rule", "dump"], of: [CrushRule].self)
    static let minimalConfig = command(["config", "generate-minimal-conf"])

    static func devices(refresh: Bool) -> Query<[OrchestratorDevices]> {
        query(["orch", "device", "ls"] + (refresh ? ["--refresh"] : []), of: [OrchestratorDevices].self)
    }

    static func set(_ setting: ClusterSetting) -> Command {
        command(["config", "set", setting.section, setting.name, setting.value])
    }

    /// Least rights: everything that orch-agent asks is reading.
    static let aquariumKey = Query<[AuthEntry]>(
        command: command([
            "auth", "get-or-create", "client.aquarium", "mon", "allow r", "mgr", "allow r", "--format", "json",
        ]))

    static func addOSD(host: String, device: String, method: [String]) -> Command {
        command(["orch", "daemon", "add", "osd", "\(host):\(device)"] + method, limit: .seconds(600))
    }

    /// Starts the daemons of OSDs that are on the disks already.
    static func activateOSDs(host: String) -> Command {
        command(["cephadm", "osd", "activate", host], limit: .seconds(300))
    }

    /// Forgets an OSD id that was given out and never came to life.
    static func purgeNewOSD(_ id: Int) -> Command {
        command(["osd", "purge-new", "\(id)", "--yes-i-really-mean-it"])
    }

    private static func query<T>(_ arguments: [String], of type: T.Type) -> Query<T> {
        Query(command: command(arguments + ["--format", "json"]))
    }

    private static func command(_ arguments: [String], limit: Duration = .seconds(60)) -> Command {
        let fixed = ["--connect-timeout", "15"]
        return Command(program: program, arguments: fixed + arguments, limit: limit)
    }
}

enum Podman {
    static let program = "/usr/bin/podman"

    static func exists(_ image: ImageReference) -> Command {
        Command(program: program, arguments: ["image", "exists", image.text], limit: .seconds(60))
    }

    static func pull(_ image: ImageReference) -> Command {
        Command(program: program, arguments: ["pull", image.text], limit: .seconds(3600))
    }

    /// The containers of a cluster, also those that cephadm ran for a moment and that outlived it.
    static func containers(fsid: String) -> Command {
        Command(
            program: program,
            arguments: ["ps", "--all", "--quiet", "--no-trunc", "--filter", "volume=/var/log/ceph/\(fsid)"],
            limit: .seconds(60))
    }

    static func remove(_ containers: [String]) -> Command {
        Command(program: program, arguments: ["rm", "--force", "--time", "5"] + containers, limit: .seconds(120))
    }
}

enum System {
    static func setHostname(_ name: String) -> Command {
        Command(program: "/usr/bin/hostname", arguments: [name], limit: .seconds(10))
    }

    static let reloadTimeSources = Command(
        program: "/usr/bin/chronyc", arguments: ["reload", "sources"], limit: .seconds(20))
    /// By the names they were given, also those that don't answer.
    static let timeSources = Command(
        program: "/usr/bin/chronyc", arguments: ["-c", "-N", "sources", "-a"], limit: .seconds(20))
    static let reloadUnits = Command(program: "/usr/bin/systemctl", arguments: ["daemon-reload"], limit: .seconds(60))
}
