import IPC

/// The defaults that suit one node, and the key with which the appliance asks the cluster from now on.
struct SettingsStep: Step {
    static let confName = "/ceph.conf"
    static let keyringName = "/ceph.client.aquarium.keyring"
    static let user = "aquarium-orch"

    func summary(_ design: ClusterDesign) -> String {
        "Make sure that \(design.poolSize) \(design.poolSize == 1 ? "copy" : "copies") of everything "
            + "\(design.poolSize == 1 ? "is" : "are") kept, on different disks, and other defaults of a single node "
            + "(each is set only where it isn't yet); make a key of its own for the appliance."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] {
        design.settings.map(Ceph.set) + [Ceph.aquariumKey.command]
    }

    func run(_ bench: StepBench) async throws {
        try await bench.waitForCluster(share: 0...0.1)
        bench.tell("checking the settings", 0.1)
        for setting in try await missing(bench) { try await bench.act(Ceph.set(setting)) }
        if let setting = try await missing(bench).first {
            throw StepFailure("The cluster did not take over the setting \(setting.name) = \(setting.value).")
        }
        try await checkRules(bench)
        bench.tell("making the appliance's key", 0.7)
        try await writeAccess(bench)
    }

    private func missing(_ bench: StepBench) async throws -> [ClusterSetting] {
        let entries = try await bench.ask(Ceph.configDump)
        return bench.design.settings.filter { setting in
            !entries.contains {
                $0.section == setting.section && $0.name == setting.name && $0.value == setting.value
            }
        }
    }

    private func checkRules(_ bench: StepBench) async throws {
        let steps = try await bench.ask(Ceph.crushRules).flatMap(\.steps)
        guard steps.contains(where: { $0.op.hasPrefix("choose") && $0.type == "osd" }) else {
            throw StepFailure(
                "The cluster would put copies on different hosts, of which there is only one.",
                hint: "Clean up and start again.")
        }
    }

    /// The key goes from Ceph's output into the file and nowhere else.
    private func writeAccess(_ bench: StepBench) async throws {
        bench.log.append("$ " + Ceph.aquariumKey.command.argv.joined(separator: " "))
        guard let entry = try await bench.ask(Ceph.aquariumKey).first, entry.entity == "client.aquarium" else {
            throw StepFailure("The cluster gave no key for client.aquarium.")
        }
        let config = try await bench.tools.runner.run(Ceph.minimalConfig)
        guard config.isSuccess, config.output.contains(bench.job.fsid) else {
            throw CephadmFailure.explain(config, of: Ceph.minimalConfig)
        }
        let owner = Owner.named(Self.user)
        if owner == nil { bench.log.append("There is no user \(Self.user): only root can read the appliance's key.") }
        let folder = bench.tools.orchDirectory
        try bench.files.makeFolder(folder, mode: 0o750, owner: owner)
        try bench.files.write(folder + Self.confName, config.output, mode: 0o640, owner: owner)
        try bench.files.write(
            folder + Self.keyringName, entry.key.enclosed("[client.aquarium]\n\tkey = ", "\n"), mode: 0o600,
            owner: owner)
    }
}
