import IPC

/// Takes back what a failed bootstrap has done, and sees that nothing of it remains. Can be begun again at any point.
struct CleanUp: Sendable {
    let bench: StepBench

    /// - Returns: what was left as it is, in words for a person.
    func run() async throws -> [String] {
        bench.tell("removing the cluster", 0)
        try await ClusterRemains.remove(bench)
        let erased = try await eraseDisks()
        bench.tell("removing what was written on this node", 0.8)
        try removeFiles()
        try await restoreTimeSources()
        try await restoreHostname()
        try await verify(erased.disks)
        return erased.notes
    }

    /// - Returns: the disks that were erased, and about the others why they were not.
    private func eraseDisks() async throws -> (disks: [ChosenDisk], notes: [String]) {
        var erased: (disks: [ChosenDisk], notes: [String]) = ([], [])
        for disk in bench.job.touched {
            do {
                let path = try await bench.inventory.pathToErase(disk, of: bench.job.fsid)
                bench.tell("erasing \(path)", 0.5)
                try await bench.act(Cephadm.zap(path, image: bench.design.image))
                erased.disks.append(disk)
            } catch let problem as Problem where problem.kind == .diskMoved {
                // It died or was pulled, perhaps for good: waiting for it would keep the node from ever starting anew.
                erased.notes.append("The disk \(disk.id), chosen as \(disk.path), is gone; it was not erased.")
            } catch let problem as Problem where problem.kind == .diskUnusable {
                erased.notes.append("\(problem.message) It was left as it is.")
            }
        }
        erased.notes.forEach(bench.log.append)
        return erased
    }

    private func removeFiles() throws {
        let orch = bench.tools.orchDirectory
        let ours = [
            bench.tools.bootConfigPath, orch + SettingsStep.confName, orch + SettingsStep.keyringName,
            "/run/cephadm/\(bench.job.fsid).lock",
        ]
        for path in ours { try bench.files.remove(path) }
        guard let text = try bench.files.textIfThere(PrepareStep.hostsFile) else { return }
        let without = HostsFile(text).removing()
        if without.text != text { try bench.files.write(PrepareStep.hostsFile, without.text, mode: 0o644) }
    }

    /// The file is written before the kernel is told: broken off in between, only the file has our name.
    private func restoreHostname() async throws {
        let isOurs = try bench.files.line(PrepareStep.hostnameFile) == bench.design.hostname
        let former = bench.job.formerHostname
        guard try isOurs || bench.files.line(PrepareStep.kernelHostname) != former else { return }
        try await PrepareStep.name(bench, former)
        if let text = bench.job.formerHostnameFile {
            try bench.files.write(PrepareStep.hostnameFile, text, mode: 0o644)
        } else {
            try bench.files.remove(PrepareStep.hostnameFile)
        }
    }

    private func restoreTimeSources() async throws {
        // Not by whether the file is there: broken off behind its removal, chrony has still to be told.
        guard bench.design.timeServers != nil else { return }
        try bench.files.remove(PrepareStep.timeSourcesFile)
        do {
            try await bench.act(System.reloadTimeSources)
        } catch is StepFailure {
            bench.log.append("chrony goes on with the former time servers until it is restarted.")
        }
    }

    private func verify(_ erased: [ChosenDisk]) async throws {
        bench.tell("checking that nothing remains", 0.9)
        var remains = try await ClusterRemains.list(bench)
        let disks = try await bench.inventory.disks()
        for chosen in erased {
            guard let disk = disks.first(where: { $0.id == chosen.id }), !disk.isUsable else { continue }
            remains.append("\(disk.path) (\(disk.reasons.joined(separator: ", ")))")
        }
        let rows = try await bench.inventory.requirements().rows
        remains += rows.filter { ["ports", "cluster"].contains($0.id) && $0.verdict == .blocking }.map {
            "\($0.title): \($0.actual)"
        }
        guard remains.isEmpty else {
            throw StepFailure(
                "Clean-up could not remove everything. What remains: \(remains.joined(separator: "; ")).",
                hint: "Clean up again; what stays then is to be removed by hand.")
        }
    }
}

/// A cluster on this node, whole or half, by its fsid.
enum ClusterRemains {
    private static let authorizedKeys = "/root/.ssh/authorized_keys"

    static func remove(_ bench: StepBench) async throws {
        // Not for nothing: cephadm takes more away than the cluster, such as its own logs.
        guard try await !list(bench).isEmpty else { return }
        let fsid = bench.job.fsid
        try await bench.act(Cephadm.removeCluster(fsid: fsid))
        let containers = try await self.containers(bench)
        if !containers.isEmpty { try await bench.act(Podman.remove(containers)) }
        try removeFiles(bench)
        try await bench.act(System.reloadUnits)
    }

    /// cephadm removes the three files of /etc/ceph itself, but by looking into the first of them: broken off in
    /// between, it leaves the others. The node had none of them when the bootstrap began.
    private static func removeFiles(_ bench: StepBench) throws {
        if !bench.files.exists(Ceph.config) || ClusterFiles.belongs(to: bench.job.fsid, bench.files) {
            for path in [Ceph.adminKeyring, Ceph.sshPublicKey, Ceph.config] { try bench.files.remove(path) }
        }
        guard let text = try? bench.files.text(authorizedKeys), text.contains(keyComment(bench.job.fsid)) else {
            return
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let others = lines.filter { !isKey($0, of: bench.job.fsid) }
        if others.allSatisfy(\.isEmpty) {
            try bench.files.remove(authorizedKeys)
        } else {
            try bench.files.write(authorizedKeys, others.joined(separator: "\n"), mode: 0o600)
        }
    }

    /// What is still there, in words.
    static func list(_ bench: StepBench) async throws -> [String] {
        let fsid = bench.job.fsid
        var remains = try await bench.ask(Cephadm.list).filter { $0.fsid == fsid }.map { "daemon \($0.name)" }
        remains += try await containers(bench).map { "container \($0.prefix(12))" }
        remains += ["/var/lib/ceph/\(fsid)", "/var/log/ceph/\(fsid)"].filter(bench.files.exists)
        let units = (try? bench.files.list("/etc/systemd/system")) ?? []
        remains += units.filter { $0.contains(fsid) }.map { "/etc/systemd/system/\($0)" }
        if ClusterFiles.belongs(to: fsid, bench.files) { remains.append(Ceph.config) }
        if !bench.files.exists(Ceph.config) {
            remains += [Ceph.adminKeyring, Ceph.sshPublicKey].filter(bench.files.exists)
        }
        if let keys = try? bench.files.text(authorizedKeys),
            keys.split(separator: "\n").contains(where: { isKey($0, of: fsid) })
        {
            remains.append("a key in \(authorizedKeys)")
        }
        return remains
    }

    private static func containers(_ bench: StepBench) async throws -> [String] {
        let command = Podman.containers(fsid: bench.job.fsid)
        let result = try await bench.tools.runner.run(command)
        guard result.isSuccess else { throw CephadmFailure.explain(result, of: command) }
        return result.output.split(separator: "\n").map(String.init)
    }

    /// The comment that cephadm gives the key that it makes.
    private static func keyComment(_ fsid: String) -> String { "ceph-\(fsid)" }

    private static func isKey(_ line: Substring, of fsid: String) -> Bool {
        line.split(separator: " ").last.map(String.init) == keyComment(fsid)
    }
}

enum ClusterFiles {
    /// Whether /etc/ceph/ceph.conf is that cluster's.
    static func belongs(to fsid: String, _ files: HostFiles) -> Bool {
        (try? files.text(Ceph.config))?.contains(fsid) == true
    }
}
