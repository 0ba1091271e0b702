import IPC

/// `cephadm bootstrap`: monitor, manager and orchestrator. It can't be continued once it was broken off, so a half of
/// it is removed first.
struct BootstrapStep: Step {
    func summary(_ design: ClusterDesign) -> String {
        "Create a cluster with a monitor and a manager on \(design.address), managed by cephadm."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] {
        [Cephadm.bootstrap(design, fsid: known.fsid, config: known.configPath, options: known.cephadmOptions)]
    }

    func run(_ bench: StepBench) async throws {
        if try await isComplete(bench, at: 0) { return }
        bench.tell("looking for a cluster that was not finished", 0)
        try await ClusterRemains.remove(bench)
        let path = bench.tools.bootConfigPath
        try bench.files.write(path, Self.config(bench.design), mode: 0o600)
        let command = Cephadm.bootstrap(
            bench.design, fsid: bench.job.fsid, config: path, options: try await Self.options(bench.tools.runner))
        try await bench.act(command, onLine: Self.progress(bench.report))
        guard try await isComplete(bench, at: 1) else {
            throw StepFailure(
                "cephadm said that the cluster is made, but it doesn't answer.",
                hint: "Try again; if it happens again, the log has cephadm's words.")
        }
    }

    /// What this cephadm can be told.
    static func options(_ runner: any CommandRunner) async throws -> Set<String> {
        let help = try await runner.run(Cephadm.bootstrapHelp)
        guard help.isSuccess else { throw CephadmFailure.explain(help, of: Cephadm.bootstrapHelp) }
        return Set(
            help.output.split { $0.isWhitespace || "[],".contains($0) }.filter { $0.hasPrefix("--") }.map(String.init))
    }

    private static func progress(_ report: @escaping @Sendable (PhaseProgress) -> Void) -> @Sendable (String) -> Void {
        let progress = Shared(BootstrapProgress())
        return { line in
            if let step = progress.change({ $0.line(line) }) { report(step) }
        }
    }

    /// The last thing of consequence that cephadm does is to label the node. After a power cut the daemons take their
    /// time to say so: a cluster is not taken for a half before they had it.
    /// - Parameter fraction: how far the phase is while this waits.
    private func isComplete(_ bench: StepBench, at fraction: Double) async throws -> Bool {
        guard ClusterFiles.belongs(to: bench.job.fsid, bench.files), bench.files.exists(Ceph.adminKeyring),
            try await hasManager(bench)
        else { return false }
        do {
            return try await bench.wait(
                "waiting until the cluster answers", tries: 90, share: fraction...fraction,
                else: StepFailure("It does not answer.")
            ) { () -> Bool? in
                let orchestrator = try await bench.ask(Ceph.orchestratorStatus)
                guard orchestrator.available, orchestrator.backend == "cephadm" else { return nil }
                return try await bench.ask(Ceph.hosts).contains {
                    $0.hostname == bench.design.hostname && $0.labels.contains("_admin")
                }
            }
        } catch is StepFailure {
            return false
        }
    }

    /// Without one there is nobody to wait for.
    private func hasManager(_ bench: StepBench) async throws -> Bool {
        try await bench.ask(Cephadm.list).contains { $0.fsid == bench.job.fsid && $0.name.hasPrefix("mgr.") }
    }

    /// What must hold from the cluster's first moment on; the phase `settings` checks all of it again.
    static func config(_ design: ClusterDesign) -> String {
        var sections: [(name: String, lines: [String])] = []
        func add(_ section: String, _ line: String) {
            if let index = sections.firstIndex(where: { $0.name == section }) {
                sections[index].lines.append(line)
            } else {
                sections.append((section, [line]))
            }
        }
        if let network = design.choices.publicNetwork { add("global", "public_network = \(network)") }
        // The modules that later features need: enabling one afterwards restarts the manager.
        add("mon", "mgr_initial_modules = iostat nfs")
        for setting in design.settings { add(setting.section, "\(setting.name) = \(setting.value)") }
        return sections.map { "[\($0.name)]\n" + $0.lines.map { $0 + "\n" }.joined() }.joined()
    }
}
