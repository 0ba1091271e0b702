import IPC
import Logging

/// Performs the effects of `BootstrapPhases` and feeds their results back. What is to be done is stored first.
actor BootstrapDriver {
    private let file: DurableFile<BootstrapPhases>
    private let tools: NodeTools
    private let configuration: Configuration
    private let logger: Logger
    private let log: LogTail
    private let now: @Sendable () -> Timestamp
    private var phases: BootstrapPhases
    private let progress = Shared(PhaseProgress())
    private var work: Task<Void, Never>?
    private var leftoversEnded = false

    /// - Throws: when the stored state can't be read. It is not thrown away then: it knows of a cluster.
    init(
        tools: NodeTools, configuration: Configuration, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        self.tools = tools
        self.configuration = configuration
        self.logger = logger
        self.now = now
        file = DurableFile(tools.files.root + tools.stateDirectory + "/state.json")
        log = LogTail(tools.files.root + tools.stateDirectory + "/log")
        do {
            phases = try file.load() ?? BootstrapPhases()
        } catch {
            throw UnreadableState(path: file.path, reason: "\(error)")
        }
    }

    var state: BootstrapState { BootstrapState(phases, progress: progress.change { $0 }, log: log.lines) }

    var operations: [DetachedOperation] { phases.operations.map { DetachedOperation($0, state) } }

    func operation(_ id: OperationKey) throws(Problem) -> DetachedOperation {
        guard let operation = phases.operations.first(where: { $0.key == id }) else {
            throw Problem(
                .operationUnknown, "There is no operation \(id) here.",
                hint: "operations.list tells those of the last day.",
                pointer: "/id")
        }
        return DetachedOperation(operation, state)
    }

    func cancel(_ id: OperationKey) throws -> DetachedOperation {
        let operation = try operation(id)
        if operation.state == .cancelled { return operation }
        guard operation.state == .running else {
            throw Problem(.operationEnded, "The operation has ended already: \(operation.state.rawValue).")
        }
        try handle(.cancel)
        return try self.operation(id)
    }

    /// Goes on where a predecessor was stopped.
    func resume() throws {
        try handle(.resumed)
    }

    /// What an event would be answered, without it.
    /// - Returns: the state, when it would change nothing; nil when it would.
    func answer(_ event: BootstrapPhases.Event, op: OperationKey?) throws(Problem) -> BootstrapState? {
        var copy = phases
        try Self.refuse(copy.on(event, op: op, at: now()))
        return copy == phases ? state : nil
    }

    @discardableResult
    func handle(_ event: BootstrapPhases.Event, op: OperationKey? = nil) throws -> BootstrapState {
        var next = phases
        let effects = next.on(event, op: op ?? .random, at: now())
        try Self.refuse(effects)
        if next != phases {
            do { try file.save(next) } catch { throw Problem.unwritable(error) }
            if phases.state == .none || next.state == .none { log.clear() }
            if next.state != phases.state { progress.change { $0 = PhaseProgress() } }
            phases = next
        }
        for effect in effects { perform(effect) }
        return state
    }

    private static func refuse(_ effects: [BootstrapPhases.Effect]) throws(Problem) {
        for case .refuse(let refusal) in effects { throw Problem(refusal) }
    }

    private func perform(_ effect: BootstrapPhases.Effect) {
        switch effect {
        case .perform(let phase):
            logger.info("phase begins", metadata: ["phase": "\(phase.rawValue)"])
            run(success: .finished(phase), phase: phase) { bench in
                try await phase.step.run(bench)
                return []
            }
        case .cleanUp:
            logger.info("clean-up begins")
            run(success: .cleaned, phase: nil) { try await CleanUp(bench: $0).run() }
        case .stop:
            logger.info("stopped on request")
            work?.cancel()
            leftoversEnded = false
        case .refuse: break
        }
    }

    /// - Parameters:
    ///   - phase: nil for clean-up.
    ///   - body: returns what is still to be said when its success is stored.
    private func run(
        success: BootstrapPhases.Event, phase: BootstrapPhase?,
        _ body: @escaping @Sendable (StepBench) async throws -> [String]
    ) {
        guard let job = phases.job else { return }
        let before = work
        work = Task {
            // What was stopped may still be ending its programs.
            await before?.value
            do {
                try await endLeftovers()
                let notes = try await body(try bench(job))
                await ended(with: success)
                notes.forEach(log.append)
            } catch let error {
                // Stopping is not failing: the next start goes on from what is stored.
                if Task.isCancelled { return }
                // What was killed at its limit may have left a container at work on a disk.
                leftoversEnded = false
                let failure = StepFailure(error)
                log.append(failure.message)
                logger.warning("phase failed", metadata: ["reason": "\(failure.message)"])
                await ended(with: .failed(phase ?? .prepare, message: failure.message, hint: failure.hint))
            }
        }
    }

    private func endLeftovers() async throws {
        if leftoversEnded { return }
        let left = await tools.endLeftovers()
        guard left.isEmpty else {
            throw StepFailure(
                "A program that was started before the agent's restart can't be ended: process \(left).",
                hint: "End it by hand or restart the node, then try again.")
        }
        leftoversEnded = true
    }

    private func bench(_ job: BootstrapJob) throws -> StepBench {
        let progress = progress
        return StepBench(
            job: job,
            design: ClusterDesign(
                choices: job.choices, configuration: configuration, facts: try MachineFacts(tools.files)),
            tools: tools, log: log,
            report: { new in progress.change { $0 = new } },
            touch: { [weak self] disk in
                guard let self else { throw CancellationError() }
                try await touch(disk)
            })
    }

    /// - Throws: unless the disk is known as touched from now on, also after a power cut: clean-up would not erase it.
    func touch(_ disk: ChosenDisk) throws {
        try handle(.touching(disk))
        guard phases.job?.touched.contains(disk) == true else {
            throw StepFailure("The disk \(disk.id) is not used: no bootstrap is running for which it is recorded.")
        }
    }

    /// Tried until it is stored: work that has ended and is not known to have would leave nothing to go on or to retry.
    private func ended(with event: BootstrapPhases.Event) async {
        while !Task.isCancelled {
            do {
                try handle(event)
                return
            } catch {
                let reason = (error as? Problem)?.message ?? "\(error)"
                logger.error("the state could not be stored", metadata: ["reason": "\(reason)"])
                let activity = "waiting until the state can be stored: \(reason)"
                progress.change { $0.activity = activity }
                try? await tools.pause(.seconds(5))
            }
        }
    }

    /// Stops what runs without storing anything of it.
    func stop() async {
        work?.cancel()
        await work?.value
    }

    /// Waits until nothing runs any more.
    func settled() async {
        while let current = work {
            await current.value
            if work == current { return }
        }
    }
}

struct UnreadableState: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String {
        "\(path) can't be read, so it is not known what was done to this node: \(reason). Restore the file; or, when no "
            + "cluster is left on this node (`cephadm ls`), remove it."
    }
}

extension Problem {
    init(_ refusal: BootstrapPhases.Refusal) {
        switch refusal {
        case .running(let phase):
            self.init(
                .bootstrapRunning, "A bootstrap is running: \(phase.title).",
                hint: "bootstrap.status tells how far it is.")
        case .cleaning:
            self.init(.bootstrapRunning, "Clean-up is running.", hint: "bootstrap.status tells how far it is.")
        case .failedBefore:
            self.init(
                .bootstrapRunning, "A bootstrap has failed on this node, and its traces are still there.",
                hint: "Retry it, or clean up and start anew.")
        case .done: self.init(.bootstrapDone, "This node is a cluster already.")
        case .notFailed:
            self.init(.bootstrapNotFailed, "No bootstrap has failed: there is nothing to retry or clean up.")
        case .uncleanOnly:
            self.init(
                .bootstrapNotFailed, "Clean-up has begun on this bootstrap, so it can't be retried.",
                hint: "Clean up again, then start anew.")
        case .nothingRuns: self.init(.operationEnded, "Nothing is under way that could be stopped.")
        case .pointOfNoReturn:
            self.init(
                .operationUnstoppable, "Clean-up can't be stopped: half of the cluster is gone.",
                hint: "Wait for its end; operations.watch follows it.")
        case .opConflict: self = .opConflict
        }
    }
}
