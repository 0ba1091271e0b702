/// Everything the supervisor can be told.
public enum Supervisor {
    public static let contract = Contract<any SupervisorAPI>(
        "supervisor", peers: [.gateway],
        [
            Endpoint(SupervisorStatus.self) { $0.status },
            Endpoint(SupervisorRestart.self) { $0.restart } resume: { $0.resumeRestart },
            Endpoint(SupervisorLogs.self) { $0.logs },
        ])
}

public protocol SupervisorAPI: Sendable {
    @Sendable func status(_: SupervisorStatus, _: Call) async throws -> SupervisorStatus.Response
    @Sendable func restart(_: SupervisorRestart, _: Call) async throws -> SupervisorRestart.Response
    /// A supervisor's end is its children's: the next has started the child again already.
    @Sendable func resumeRestart(_: SupervisorRestart, _: Call) async throws -> SupervisorRestart.Response
    @Sendable func logs(_: SupervisorLogs, _: Call) async throws -> SupervisorLogs.Response
}

public struct SupervisorStatus: Operation {
    public static let about = About(
        "supervisor.status", .read, "Tells of each of the appliance's own processes how it is.",
        route: .get("/api/supervisor/status"))
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var children: [Child]
        public init(children: [Child]) { self.children = children }
    }
}

public struct Child: Codable, Sendable, Equatable {
    public enum State: String, Described, CaseIterable, Sendable {
        case stopped, starting, running, stopping, backoff, crashLoop = "crash_loop"
    }
    public var name: String
    public var state: State
    public var pid: Int?
    /// When it came into this state.
    public var since: Timestamp
    /// How often it was started again since the supervisor began.
    public var restarts: Int
    public var lastExit: ChildExit?
    public init(name: String, state: State, pid: Int?, since: Timestamp, restarts: Int, lastExit: ChildExit?) {
        self.name = name
        self.state = state
        self.pid = pid
        self.since = since
        self.restarts = restarts
        self.lastExit = lastExit
    }
}

/// How a child ended: by an exit code, by a signal, or never started.
public struct ChildExit: Codable, Sendable, Equatable {
    public var code: Int?
    public var signal: String?
    public var at: Timestamp
    /// In words, e.g. "killed by SIGKILL", "could not be launched: setuid: Operation not permitted".
    public var reason: String
    public init(code: Int?, signal: String?, at: Timestamp, reason: String) {
        self.code = code
        self.signal = signal
        self.at = at
        self.reason = reason
    }
}

public struct SupervisorRestart: Operation {
    public static let about = About(
        "supervisor.restart", .change, "Restarts one of the appliance's processes.", role: .admin,
        errors: [.childUnknown])
    public var name: String
    public init(name: String) { self.name = name }
    public typealias Response = Child
}

public struct SupervisorLogs: Operation {
    public static let about = About(
        "supervisor.logs", .read,
        "Gives the last lines that one of the appliance's processes has logged, or those after a cursor, for which it "
            + "can wait: who calls again and again with the cursor of the last answer follows the log.",
        role: .admin, errors: [.childUnknown])
    public var name: String
    public var lines: LineCount?
    /// Only lines after this one, the oldest first.
    public var after: LogCursor?
    /// How long to wait for a line where none is there after the cursor.
    public var waitMs: WaitTime?
    public init(name: String, lines: LineCount? = nil, after: LogCursor? = nil, waitMs: WaitTime? = nil) {
        self.name = name
        self.lines = lines
        self.after = after
        self.waitMs = waitMs
    }

    public struct Response: Codable, Sendable, Equatable {
        public var lines: [String]
        /// What to ask for next, to go on after the last of these lines.
        public var next: LogCursor
        /// How many lines after the cursor were gone already: the supervisor keeps the last 200.
        public var missed: Int
        /// Whether the cursor is of a supervisor before this one. These are then the first lines that are left of this
        /// one's; how many came between can't be known.
        public var wasRestarted: Bool
        public init(lines: [String], next: LogCursor, missed: Int, wasRestarted: Bool) {
            self.lines = lines
            self.next = next
            self.missed = missed
            self.wasRestarted = wasRestarted
        }
    }
}
