import FoundationEssentials
import IPC

@testable import bootstrap_agent

/// What the commands do to a fake node, and what they answer.
extension FakeNode {
    private var hostname: String { (try? files.text("/proc/sys/kernel/hostname").filter { !$0.isNewline }) ?? "" }

    /// - Parameter halfway: the power goes in the middle of it.
    func perform(_ command: Command, halfway: Bool) -> CommandResult {
        let arguments = command.arguments
        switch command.program {
        case Podman.program: return podman(arguments)
        case Cephadm.program: return cephadm(arguments, halfway: halfway)
        case Ceph.program: return ceph(Array(arguments.dropFirst(2)), halfway: halfway)
        case "/usr/bin/hostname":
            put("/proc/sys/kernel/hostname", arguments[0] + "\n")
            return .ok()
        case "/usr/bin/chronyc": return chronyc(arguments)
        case "/usr/bin/systemctl": return .ok()
        default: return .failed("no such program: \(command.program)")
        }
    }

    private func chronyc(_ arguments: [String]) -> CommandResult {
        if arguments == ["reload", "sources"] {
            let text = (try? files.text("/etc/chrony/sources.d/aquarium.sources")) ?? ""
            let servers = text.split(separator: "\n").filter { $0.hasPrefix("server ") }.map {
                String($0.split(separator: " ")[1])
            }
            world.change { $0.timeServers = servers }
            return .ok("200 OK\n")
        }
        return .ok(world.change { $0.timeServers }.map { "^,?,\($0),0,6,0,0,0,0,0\n" }.joined())
    }

    private func podman(_ arguments: [String]) -> CommandResult {
        world.change { world in
            switch arguments[0] {
            case "image":
                let isHere = world.hasImage && !world.missingImages.contains(arguments[2])
                return isHere ? .ok() : CommandResult(exitCode: 1, output: "", errorOutput: "")
            case "pull":
                world.hasImage = true
                return .ok("Trying to pull\n")
            case "ps": return .ok(world.containers.map { $0 + "\n" }.joined())
            case "rm":
                world.containers = []
                return .ok()
            default: return .failed("podman \(arguments)")
            }
        }
    }

    // MARK: cephadm

    private func cephadm(_ arguments: [String], halfway: Bool) -> CommandResult {
        if arguments.first == "rm-cluster" { return removeCluster(halfway: halfway) }
        if arguments.first == "ls" {
            return .json(
                files.exists("/var/lib/ceph/\(fsid)")
                    ? "[{\"name\": \"mon.n1\", \"fsid\": \"\(fsid)\"}, {\"name\": \"mgr.n1.x\", \"fsid\": \"\(fsid)\"}]"
                    : "[]")
        }
        if arguments == ["bootstrap", "--help"] {
            return .ok("usage: cephadm bootstrap [-h] [--config CONFIG] [--fsid FSID]\n")
        }
        if arguments.contains("bootstrap") { return bootstrap(arguments, halfway: halfway) }
        if arguments.contains("raw") { return rawList() }
        if arguments.contains("list") { return .json("{}") }
        if arguments.contains("zap") {
            world.change { world in
                for (id, osd) in world.osds where osd.path == arguments.last { world.osds[id]?.path = nil }
            }
            return .ok("--> Zapping successful\n")
        }
        return .failed("cephadm \(arguments)")
    }

    private func bootstrap(_ arguments: [String], halfway: Bool) -> CommandResult {
        if files.exists(Ceph.config) { return RecordedRun("bootstrap-existing-conf").result }
        let fsid = arguments.firstIndex(of: "--fsid").map { arguments[$0 + 1] } ?? ""
        folder.make("/var/lib/ceph/\(fsid)", "/var/log/ceph/\(fsid)")
        put("/etc/systemd/system/ceph-\(fsid)@.service", "")
        put(Ceph.config, "[global]\n\tfsid = \(fsid)\n")
        put(Ceph.adminKeyring, "[client.admin]\n\tkey = secret\n")
        put(Ceph.sshPublicKey, "ssh-rsa AAAB ceph-\(fsid)\n")
        let keys = try! files.text("/root/.ssh/authorized_keys")
        put("/root/.ssh/authorized_keys", keys + "ssh-rsa AAAB ceph-\(fsid)\n")
        let config = arguments.firstIndex(of: "--config").map { try! files.text(arguments[$0 + 1]) } ?? ""
        world.change { world in
            world.fsid = fsid
            world.exists = true
            world.containers = ["c0ffee"]
            world.isBootstrapped = !halfway
            var section = ""
            for line in config.split(separator: "\n") {
                if line.hasPrefix("[") { section = String(line.dropFirst().dropLast()) }
                let parts = line.split(separator: " = ")
                if parts.count == 2 { world.settings["\(section) \(parts[0])"] = String(parts[1]) }
            }
            // As cephadm ends.
            world.settings["osd osd_memory_target_autotune"] = "true"
        }
        return RecordedRun("bootstrap-success").result
    }

    private func removeCluster(halfway: Bool) -> CommandResult {
        for path in ["/var/lib/ceph/\(fsid)", "/var/log/ceph/\(fsid)"] {
            try? FileManager.default.removeItem(atPath: folder.path + path)
        }
        try! files.remove("/etc/systemd/system/ceph-\(fsid)@.service")
        let isOurs = (try? files.text(Ceph.config))?.contains(fsid) == true
        if isOurs { try! files.remove(Ceph.config) }
        world.change { world in
            world.exists = false
            world.isBootstrapped = false
            for id in world.osds.keys { world.osds[id]?.isUp = false }
        }
        if halfway { return .ok() }
        if isOurs { for path in [Ceph.adminKeyring, Ceph.sshPublicKey] { try! files.remove(path) } }
        return .ok()
    }

    private func rawList() -> CommandResult {
        let osds = world.change { $0.osds }.compactMap { id, osd in
            osd.path.map {
                "\"uuid\($0)\": {\"ceph_fsid\": \"\(fsid)\", \"device\": \"\($0)\", \"osd_id\": \(id)}"
            }
        }
        return .json("{" + osds.joined(separator: ", ") + "}")
    }

    // MARK: ceph

    private func ceph(_ arguments: [String], halfway: Bool) -> CommandResult {
        let answers = world.change { world in
            if world.unanswered > 0 { world.unanswered -= 1 } else { return world.isBootstrapped }
            return false
        }
        guard answers else {
            return .failed("[errno 110] RADOS timed out (error connecting to the cluster)")
        }
        switch Array(arguments.prefix(3)) {
        case ["orch", "status", "--format"]:
            return .json("{\"available\": true, \"backend\": \"cephadm\", \"paused\": false}")
        case ["orch", "host", "ls"]:
            return .json(
                "[{\"addr\": \"10.77.0.1\", \"hostname\": \"\(hostname)\", \"labels\": [\"_admin\"], \"status\": \"\"}]"
            )
        case ["orch", "device", "ls"]: return .json(devices)
        case ["orch", "daemon", "add"]: return addOSD(arguments[4], halfway: halfway)
        case ["cephadm", "osd", "activate"]:
            world.change { for (id, osd) in $0.osds where osd.path != nil { $0.osds[id]?.isUp = true } }
            return .ok("Created osd(s) on host\n")
        default: return monitor(arguments)
        }
    }

    private func monitor(_ arguments: [String]) -> CommandResult {
        switch Array(arguments.prefix(2)) {
        case ["config", "dump"]:
            let entries = world.change { $0.settings }.map { key, value in
                let parts = key.split(separator: " ")
                return "{\"section\": \"\(parts[0])\", \"name\": \"\(parts[1])\", \"value\": \"\(value)\"}"
            }
            return .json("\n[" + entries.joined(separator: ", ") + "]")
        case ["config", "set"]:
            world.change { $0.settings["\(arguments[2]) \(arguments[3])"] = arguments[4] }
            return .ok()
        case ["config", "generate-minimal-conf"]: return .ok("[global]\n\tfsid = \(fsid)\n")
        case ["auth", "get-or-create"]:
            return .json(
                "[{\"entity\": \"client.aquarium\", \"key\": \"AQverysecret==\", \"caps\": {\"mon\": \"allow r\"}}]")
        case ["osd", "crush"]:
            return .json(
                "[{\"rule_id\": 0, \"steps\": [{\"op\": \"take\"}, {\"op\": \"choose_firstn\", \"type\": \"osd\"}]}]")
        case ["osd", "purge-new"]:
            world.change { $0.osds[Int(arguments[2])!] = nil }
            return .ok()
        case ["osd", "dump"]:
            return .json(
                "{\"osds\": ["
                    + osds { "{\"osd\": \($0), \"up\": \($1.isUp ? 1 : 0), \"in\": \($1.isUp ? 1 : 0), \"state\": []}" }
                    + "]}")
        case ["osd", "metadata"]:
            return .json(
                "["
                    + osds {
                        "{\"id\": \($0), \"hostname\": \"\(hostname)\", \"devices\": \"\(($1.path ?? "").dropFirst(5))\"}"
                    } + "]")
        case ["status", "--format"]: return .json(status)
        case ["tell", arguments[1]]: return tell(arguments[1])
        default: return .failed("ceph \(arguments)")
        }
    }

    /// As 16.2.15 answers.
    private func tell(_ daemon: String) -> CommandResult {
        let answers = world.change { world in
            if world.deafOSDs > 0 { world.deafOSDs -= 1 } else { return true }
            return false
        }
        guard answers else { return .failed("Error ENXIO: problem getting command descriptions from \(daemon)") }
        return .json(#"{"version":"16.2.15","release":"pacific","release_type":"stable"}"#)
    }

    private func osds(_ each: (Int, FakeOSD) -> String) -> String {
        world.change { $0.osds }.sorted { $0.key < $1.key }.map { each($0.key, $0.value) }.joined(separator: ", ")
    }

    private func addOSD(_ place: String, halfway: Bool) -> CommandResult {
        let path = String(place.split(separator: ":")[1])
        return world.change { world in
            if world.osds.values.contains(where: { $0.path == path }) { return .ok("Created no osd(s) on host\n") }
            let id = world.osds.count
            // Broken off, the id is given out; every other time the disk is prepared too.
            let isPrepared = !halfway || id % 2 == 1
            world.osds[id] = FakeOSD(path: isPrepared ? path : nil, isUp: !halfway)
            return .ok("Created osd(s) \(id) on host\n")
        }
    }

    private var devices: String {
        let held = world.change { $0.osds.values.compactMap(\.path) }
        let all = (1...4).map { number in
            let path = Self.chosen(number).path.text
            return "{\"path\": \"\(path)\", \"available\": \(!held.contains(path)), \"rejected_reasons\": []}"
        }
        return "[{\"name\": \"\(hostname)\", \"devices\": [\(all.joined(separator: ", "))]}]"
    }

    private var status: String {
        let up = world.change { $0.osds.values.count(where: \.isUp) }
        return """
            {"fsid": "\(fsid)", "health": {"status": "HEALTH_OK", "checks": {}},
             "osdmap": {"num_up_osds": \(up), "num_in_osds": \(up)}, "mgrmap": {"available": true},
             "pgmap": {"num_pgs": 1, "pgs_by_state": [{"state_name": "active+clean", "count": 1}]}}
            """
    }
}

extension CommandResult {
    static func ok(_ output: String = "") -> CommandResult {
        CommandResult(exitCode: 0, output: output, errorOutput: "")
    }
    static func json(_ text: String) -> CommandResult { .ok(text) }
    static func failed(_ reason: String) -> CommandResult {
        CommandResult(exitCode: 1, output: "", errorOutput: reason + "\n")
    }
}
