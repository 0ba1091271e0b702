/// Everything the bootstrap-agent can be told: is this machine fit, and make it a cluster of one node.
public enum Bootstrap {
    public static let contract = Contract<any BootstrapAPI>(
        "bootstrap", peers: [.gateway],
        [
            Endpoint(RequirementsCheck.self) { $0.requirementsCheck },
            Endpoint(BootstrapPlan.self) { $0.bootstrapPlan },
            Endpoint(BootstrapStart.self) { $0.bootstrapStart },
            Endpoint(BootstrapStatus.self) { $0.bootstrapStatus },
            Endpoint(BootstrapRetry.self) { $0.bootstrapRetry },
            Endpoint(BootstrapCleanUp.self) { $0.bootstrapCleanUp },
            Endpoint(OperationsList.self) { $0.operationsList },
            Endpoint(OperationsGet.self) { $0.operationsGet },
            Endpoint(OperationsWatch.self) { $0.operationsWatch },
            Endpoint(OperationsCancel.self) { $0.operationsCancel },
        ])
}

public protocol BootstrapAPI: DetachedAPI {
    @Sendable func requirementsCheck(_: RequirementsCheck, _: Call) async throws -> Requirements
    @Sendable func bootstrapPlan(_: BootstrapPlan, _: Call) async throws -> Plan
    @Sendable func bootstrapStart(_: BootstrapStart, _: Call) async throws -> BootstrapState
    @Sendable func bootstrapStatus(_: BootstrapStatus, _: Call) async throws -> BootstrapState
    @Sendable func bootstrapRetry(_: BootstrapRetry, _: Call) async throws -> BootstrapState
    @Sendable func bootstrapCleanUp(_: BootstrapCleanUp, _: Call) async throws -> BootstrapState
}

// MARK: requirements.check

public struct RequirementsCheck: Operation {
    public static let about = About(
        "requirements.check", .read, "Tells whether this machine is fit to become a storage node, and what it has.",
        route: .get("/api/requirements"))
    public typealias Response = Requirements
    public init() {}
}

public struct Requirements: Codable, Sendable {
    /// The worst verdict of all rows: a node can be made unless it is `blocking`.
    public var verdict: Verdict
    public var rows: [Requirement]
    public var disks: [Disk]
    /// The addresses a monitor could listen on; loopback and link-local ones are left out.
    public var addresses: [NodeAddress]
    /// What the node is called now.
    public var hostname: String
    /// The choices one gets by changing nothing; nil while no address or no usable disk is there.
    public var defaults: BootstrapChoices?
    public var checkedAt: Timestamp

    public init(
        verdict: Verdict, rows: [Requirement], disks: [Disk], addresses: [NodeAddress], hostname: String,
        defaults: BootstrapChoices?, checkedAt: Timestamp
    ) {
        self.verdict = verdict
        self.rows = rows
        self.disks = disks
        self.addresses = addresses
        self.hostname = hostname
        self.defaults = defaults
        self.checkedAt = checkedAt
    }
}

public enum Verdict: String, Described, CaseIterable, Sendable { case ok, warning, blocking }

/// One row of the requirements list.
public struct Requirement: Codable, Sendable, Equatable {
    /// Stable name of the row, e.g. `memory`.
    public var id: String
    /// What is checked, for a person.
    public var title: String
    public var actual: String
    public var needed: String
    public var verdict: Verdict
    /// What to do about it, where the verdict is not `ok`.
    public var hint: String?

    public init(id: String, title: String, actual: String, needed: String, verdict: Verdict, hint: String? = nil) {
        self.id = id
        self.title = title
        self.actual = actual
        self.needed = needed
        self.verdict = verdict
        self.hint = hint
    }
}

public struct Disk: Codable, Sendable, Equatable {
    /// Nil where the disk has no identity that survives a reboot; such a disk can't be chosen.
    public var id: DiskID?
    /// The kernel's name of today, e.g. `/dev/sdb`.
    public var path: String
    public var sizeBytes: Int64
    public var vendor: String?
    public var model: String?
    public var serial: String?
    public var isRotational: Bool
    /// Whether it holds this machine's system; such a disk can never be chosen.
    public var isSystem: Bool
    public var isUsable: Bool
    /// Why it can't be used, in words; empty for a usable disk.
    public var reasons: [String]

    public init(
        id: DiskID?, path: String, sizeBytes: Int64, vendor: String? = nil, model: String? = nil,
        serial: String? = nil, isRotational: Bool, isSystem: Bool, isUsable: Bool, reasons: [String]
    ) {
        self.id = id
        self.path = path
        self.sizeBytes = sizeBytes
        self.vendor = vendor
        self.model = model
        self.serial = serial
        self.isRotational = isRotational
        self.isSystem = isSystem
        self.isUsable = isUsable
        self.reasons = reasons
    }
}

public struct NodeAddress: Codable, Sendable, Equatable {
    public var interface: String
    public var address: IPAddress
    public var network: Network

    public init(interface: String, address: IPAddress, network: Network) {
        self.interface = interface
        self.address = address
        self.network = network
    }
}

// MARK: bootstrap.plan

/// What a person decides. The same choices go to `bootstrap.plan` and `bootstrap.start`.
public struct BootstrapChoices: Codable, Sendable, Equatable {
    public var hostname: HostName
    /// The node's own address for the cluster.
    public var address: IPAddress
    /// The disks that become storage. All that is on them is lost.
    public var disks: [ChosenDisk]
    /// Time servers; nil leaves the node's time settings as they are.
    public var ntpServers: [ServerName]?
    /// The container image of Ceph; nil for the appliance's own.
    public var image: ImageReference?
    /// Nil for the network of `address`.
    public var publicNetwork: Network?
    /// A network of its own for replication; nil for none.
    public var clusterNetwork: Network?

    public init(
        hostname: HostName, address: IPAddress, disks: [ChosenDisk], ntpServers: [ServerName]? = nil,
        image: ImageReference? = nil, publicNetwork: Network? = nil, clusterNetwork: Network? = nil
    ) {
        self.hostname = hostname
        self.address = address
        self.disks = disks
        self.ntpServers = ntpServers
        self.image = image
        self.publicNetwork = publicNetwork
        self.clusterNetwork = clusterNetwork
    }
}

/// A disk as the person saw it when choosing: refused if it is another one by the time it would be used.
public struct ChosenDisk: Codable, Sendable, Equatable {
    public var id: DiskID
    /// The kernel's name when it was chosen.
    public var path: DevicePath
    public var sizeBytes: Int64

    public init(id: DiskID, path: DevicePath, sizeBytes: Int64) {
        self.id = id
        self.path = path
        self.sizeBytes = sizeBytes
    }
}

public struct BootstrapPlan: Operation {
    public static let about = About(
        "bootstrap.plan", .read, "Shows what a bootstrap with these choices would do; changes nothing.",
        role: .admin, route: .post("/api/bootstrap/plan"),
        errors: [.requirementBlocking, .diskMoved, .diskUnusable])
    public typealias Response = Plan
    public var choices: BootstrapChoices
    public init(choices: BootstrapChoices) { self.choices = choices }
}

public struct Plan: Codable, Sendable, Equatable {
    public var steps: [PlanStep]
    /// Sum of the chosen disks.
    public var rawBytes: Int64
    /// What remains for data at the replication chosen.
    public var usableBytes: Int64
    /// How many copies of each object are kept.
    public var poolSize: Int
    /// In words: what the person should know before pressing the button.
    public var warnings: [String]

    public init(steps: [PlanStep], rawBytes: Int64, usableBytes: Int64, poolSize: Int, warnings: [String]) {
        self.steps = steps
        self.rawBytes = rawBytes
        self.usableBytes = usableBytes
        self.poolSize = poolSize
        self.warnings = warnings
    }
}

public struct PlanStep: Codable, Sendable, Equatable {
    public var phase: BootstrapPhase
    /// What it does, for a person.
    public var summary: String
    /// The exact commands, argument by argument; a value known only later stands as `<name>`.
    public var commands: [[String]]

    public init(phase: BootstrapPhase, summary: String, commands: [[String]]) {
        self.phase = phase
        self.summary = summary
        self.commands = commands
    }
}

// MARK: bootstrap.start, bootstrap.status and the ways out

/// The phases in their order.
public enum BootstrapPhase: String, Described, CaseIterable, Sendable {
    case prepare, image, bootstrap, orchestrator, settings, osds, verify
}

public struct BootstrapStart: Operation {
    public static let about = About(
        "bootstrap.start", .change, "Makes a cluster of this node. Goes on by itself; watch bootstrap.status.",
        isDetached: true, role: .admin, route: .post("/api/bootstrap/start"),
        errors: [.bootstrapRunning, .bootstrapDone, .requirementBlocking, .diskMoved, .diskUnusable, .opConflict])
    public typealias Response = BootstrapState
    public var choices: BootstrapChoices
    public init(choices: BootstrapChoices) { self.choices = choices }
}

public struct BootstrapStatus: Operation {
    public static let about = About(
        "bootstrap.status", .read, "Tells how far the bootstrap is.", route: .get("/api/bootstrap/status"))
    public typealias Response = BootstrapState
    public init() {}
}

public struct BootstrapRetry: Operation {
    public static let about = About(
        "bootstrap.retry", .change, "Goes on with a failed bootstrap at the phase that failed.", isDetached: true,
        role: .admin, route: .post("/api/bootstrap/retry"), errors: [.bootstrapRunning, .bootstrapNotFailed, .opConflict])
    public typealias Response = BootstrapState
    public init() {}
}

public struct BootstrapCleanUp: Operation {
    public static let about = About(
        "bootstrap.clean_up", .change,
        "Takes back what a failed bootstrap has done: the half-built cluster, its files, and what is on its disks.",
        isDetached: true, role: .admin, route: .post("/api/bootstrap/clean_up"),
        errors: [.bootstrapRunning, .bootstrapNotFailed, .opConflict])
    public typealias Response = BootstrapState
    public init() {}
}

public struct BootstrapState: Codable, Sendable, Equatable {
    public enum Status: String, Described, CaseIterable, Sendable { case none, running, cleaning, done, failed }
    public enum Action: String, Described, CaseIterable, Sendable { case start, retry, cleanUp = "clean_up" }

    public var status: Status
    /// The phase that runs or failed; nil for `none` and `done`.
    public var phase: BootstrapPhase?
    /// 0 to 1 over the whole bootstrap, from what is stored and what cephadm has said.
    public var fraction: Double
    public var phases: [PhaseState]
    /// What goes on right now, in words.
    public var activity: String?
    /// The last lines of the tools' output.
    public var log: [String]
    public var error: BootstrapFailure?
    /// What can be asked for next.
    public var actions: [Action]
    public var choices: BootstrapChoices?
    public var fsid: String?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?

    public init(
        status: Status, phase: BootstrapPhase? = nil, fraction: Double, phases: [PhaseState],
        activity: String? = nil, log: [String] = [], error: BootstrapFailure? = nil, actions: [Action],
        choices: BootstrapChoices? = nil, fsid: String? = nil, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil
    ) {
        self.status = status
        self.phase = phase
        self.fraction = fraction
        self.phases = phases
        self.activity = activity
        self.log = log
        self.error = error
        self.actions = actions
        self.choices = choices
        self.fsid = fsid
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// One line of the checklist.
public struct PhaseState: Codable, Sendable, Equatable {
    public enum State: String, Described, CaseIterable, Sendable { case waiting, running, done, failed }
    public var phase: BootstrapPhase
    public var title: String
    public var state: State
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?

    public init(
        phase: BootstrapPhase, title: String, state: State, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil
    ) {
        self.phase = phase
        self.title = title
        self.state = state
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// Why a bootstrap failed, as stored and shown.
public struct BootstrapFailure: Codable, Sendable, Equatable {
    public var phase: BootstrapPhase
    public var message: String
    public var hint: String?

    public init(phase: BootstrapPhase, message: String, hint: String?) {
        self.phase = phase
        self.message = message
        self.hint = hint
    }
}
