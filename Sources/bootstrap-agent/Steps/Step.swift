import FoundationEssentials
import IPC

/// What one phase does. Every step can be begun again after it was broken off anywhere, and ends only when its outcome
/// was seen: an exit code alone proves nothing.
protocol Step: Sendable {
    /// In words, for the plan.
    func summary(_ design: ClusterDesign) -> String
    /// The commands that change something, for the plan; the same functions make those that `run` runs.
    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command]
    func run(_ bench: StepBench) async throws
}

/// What is known only when the bootstrap runs, and stands as `<name>` in a plan.
struct PlanValues: Sendable {
    var fsid = "<fsid>"
    var configPath: String
    /// What `cephadm bootstrap --help` lists.
    var cephadmOptions: Set<String> = []
    /// The chosen disks' paths, in their order.
    var devices: [String] = []
}

extension BootstrapPhase {
    var step: any Step {
        switch self {
        case .prepare: PrepareStep()
        case .image: ImageStep()
        case .bootstrap: BootstrapStep()
        case .orchestrator: OrchestratorStep()
        case .settings: SettingsStep()
        case .osds: OSDsStep()
        case .verify: VerifyStep()
        }
    }
}

/// What a step works with.
struct StepBench: Sendable {
    let job: BootstrapJob
    let design: ClusterDesign
    let tools: NodeTools
    let log: LogTail
    let report: @Sendable (PhaseProgress) -> Void
    /// Stores that the disk is about to be written to; returns when that is on the disk.
    let touch: @Sendable (ChosenDisk) async throws -> Void

    var files: HostFiles { tools.files }
    var inventory: any Inventory { tools.inventory }

    func tell(_ activity: String, _ fraction: Double) {
        report(PhaseProgress(activity: activity, fraction: fraction))
    }
}

/// The agent's hands: everything outside of it, and what tests replace.
struct NodeTools: Sendable {
    let runner: any CommandRunner
    let inventory: any Inventory
    var files = HostFiles()
    /// /var/lib/aquarium/bootstrap
    let stateDirectory: String
    /// Waits between two looks at something that takes its time.
    var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Ends what a predecessor of this process has left running.
    var endLeftovers: @Sendable () async -> [Int32] = { [] }

    var bootConfigPath: String { stateDirectory + "/ceph-bootstrap.conf" }
    /// The orch-agent's state folder, a sibling of this one.
    var orchDirectory: String {
        String(stateDirectory[..<(stateDirectory.lastIndex(of: "/") ?? stateDirectory.startIndex)]) + "/orch"
    }
}

extension StepBench {
    /// Runs a command that changes something: shown in the log with all that it says.
    @discardableResult
    func act(
        _ command: Command, onLine: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> CommandResult {
        log.append("$ " + command.argv.joined(separator: " "))
        let log = log
        let result = try await tools.runner.run(command) { line in
            log.append(line)
            onLine(line)
        }
        guard result.isSuccess else { throw CephadmFailure.explain(result, of: command) }
        return result
    }

    /// Asks something; shown nowhere.
    func ask<Output>(_ query: Query<Output>) async throws -> Output {
        let result = try await tools.runner.run(query.command)
        guard result.isSuccess else { throw CephadmFailure.explain(result, of: query.command) }
        do {
            return try JSONDecoder().decode(Output.self, from: Data(result.output.utf8))
        } catch {
            let name = query.command.arguments.joined(separator: " ")
            throw StepFailure("The answer of \(name) could not be read.", hint: "Is this release of Ceph supported?")
        }
    }

    /// Waits until the cluster's orchestrator answers, and with it the monitors and the manager: after a power cut they
    /// take their time.
    func waitForCluster(share: ClosedRange<Double>) async throws {
        let failure = StepFailure(
            "The cluster does not answer.", hint: "Try again; its daemons may need longer to start.")
        try await wait("waiting until the cluster answers", tries: 90, share: share, else: failure) {
            try await ask(Ceph.orchestratorStatus).available ? true : nil
        }
    }

    /// Looks until `look` returns something, or gives up.
    /// - Parameters:
    ///   - tries: at most so many looks, two seconds apart. One that hangs until its limit counts as thirty.
    ///   - share: which part of the phase's progress this waiting is.
    @discardableResult
    func wait<T>(
        _ activity: String, tries: Int, share: ClosedRange<Double> = 0.1...0.9, else failure: StepFailure,
        for look: () async throws -> T?
    ) async throws -> T {
        var last: StepFailure?
        var used = 0
        while used < tries {
            tell(activity, share.lowerBound + share.length * Double(used) / Double(tries))
            if used > 0 { try await tools.pause(.seconds(2)) }
            used += 1
            do {
                last = nil
                if let found = try await look() { return found }
            } catch let failure as StepFailure {
                // A daemon that restarts makes single questions fail: only what lasts to the end counts.
                last = failure
            } catch let failure as CommandFailure where failure.reason == .timedOut {
                last = StepFailure(failure)
                used += 29
            }
        }
        guard let last else { throw failure }
        throw StepFailure("\(failure.message) \(last.message)", hint: last.hint ?? failure.hint)
    }
}
