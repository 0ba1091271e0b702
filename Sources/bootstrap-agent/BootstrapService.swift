import FoundationEssentials
import IPC

/// The agent's operations.
struct BootstrapService: BootstrapAPI {
    private let tools: NodeTools
    private let configuration: Configuration
    private let driver: BootstrapDriver
    private let check: ChoicesCheck

    init(tools: NodeTools, configuration: Configuration, driver: BootstrapDriver) {
        self.tools = tools
        self.configuration = configuration
        self.driver = driver
        check = ChoicesCheck(tools: tools, configuration: configuration)
    }

    /// The service with the real node, and the driver resumed.
    init(_ context: AgentContext) async throws {
        let configuration = try context.configuration()
        let mark = "bootstrap-agent:" + context.stateDirectory
        let runner = SystemCommandRunner(mark: mark)
        let tools = NodeTools(
            runner: runner,
            inventory: NodeInventory(
                runner: SystemCommandRunner(mark: mark + ":inventory"), image: configuration.image,
                imagePull: configuration.imagePull),
            stateDirectory: context.stateDirectory, endLeftovers: { await Leftovers.end(mark: mark) })
        let driver = try BootstrapDriver(tools: tools, configuration: configuration, logger: context.logger)
        try await driver.resume()
        self.init(tools: tools, configuration: configuration, driver: driver)
    }

    func requirementsCheck(_: RequirementsCheck, _: Call) async throws -> Requirements {
        try await tools.inventory.requirements()
    }

    func bootstrapPlan(_ operation: BootstrapPlan, _: Call) async throws -> Plan {
        var known = PlanValues(configPath: tools.bootConfigPath)
        known.devices = try await check.check(operation.choices)
        known.cephadmOptions = try await BootstrapStep.options(tools.runner)
        return Plan(try design(operation.choices), known)
    }

    func bootstrapStart(_ operation: BootstrapStart, _ call: Call) async throws -> BootstrapState {
        var choices = operation.choices
        // Fixed now, so that another default can't change it on the way.
        choices.image = choices.image ?? configuration.image
        let job = BootstrapJob(
            choices: choices, asked: operation.choices, fsid: UUID().uuidString.lowercased(),
            formerHostname: try MachineFacts(tools.files).hostname,
            formerHostnameFile: try tools.files.textIfThere(PrepareStep.hostnameFile), startedAt: .now)
        if let state = try await driver.answer(.start(job), op: call.op) { return state }
        _ = try await check.check(operation.choices)
        return try await driver.handle(.start(job), op: call.op)
    }

    func bootstrapStatus(_: BootstrapStatus, _: Call) async throws -> BootstrapState { await driver.state }

    func bootstrapRetry(_: BootstrapRetry, _ call: Call) async throws -> BootstrapState {
        try await driver.handle(.retry, op: call.op)
    }

    func bootstrapCleanUp(_: BootstrapCleanUp, _ call: Call) async throws -> BootstrapState {
        try await driver.handle(.cleanUp, op: call.op)
    }

    func operationsList(_: OperationsList, _: Call) async throws -> OperationsList.Response {
        OperationsList.Response(operations: await driver.operations)
    }

    func operationsGet(_ request: OperationsGet, _: Call) async throws -> DetachedOperation {
        try await driver.operation(request.id)
    }

    func operationsWatch(_ request: OperationsWatch, _ call: Call) async throws -> DetachedOperation {
        var told: DetachedOperation?
        while true {
            let operation = try await driver.operation(request.id)
            guard operation.state == .running else { return operation }
            if operation != told { call.progress(operation.step ?? operation.method, fraction: operation.fraction) }
            told = operation
            try await tools.pause(.milliseconds(250))
        }
    }

    func operationsCancel(_ request: OperationsCancel, _: Call) async throws -> DetachedOperation {
        try await driver.cancel(request.id)
    }

    private func design(_ choices: BootstrapChoices) throws -> ClusterDesign {
        ClusterDesign(choices: choices, configuration: configuration, facts: try MachineFacts(tools.files))
    }
}
