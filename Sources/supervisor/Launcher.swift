import CLaunch
import Glibc

/// How a child ended.
enum ProcessExit: Equatable {
    case code(Int)
    case signal(CInt)
    /// SIGKILL, and during its life the kernel has ended a process for want of memory: perhaps this one, perhaps another.
    case outOfMemory
}

/// Starts, signals and reaps the children's processes.
///
/// To be used on one thread that never ends: the kernel kills a child when the thread that launched it does.
final class Launcher: ProcessHost {
    struct Settings {
        let programDirectory: String
        /// The file that the children read when they start.
        let configuration: String
        let notifySocket: String
        /// Whether each child becomes the user of its spec; else all run as the supervisor does.
        var changesUsers = true
        /// How long a child's heartbeat may fail to come, as it is told.
        var watchdog = ChildDriver.Limits.heartbeat
    }

    private static let serviceLimits = [
        launch_limit(resource: CInt(RLIMIT_NOFILE.rawValue), soft: 4096, hard: 4096),
        // A dump of a service's memory could hold a key or a token.
        launch_limit(resource: CInt(RLIMIT_CORE.rawValue), soft: 0, hard: 0),
    ]

    private let settings: Settings
    /// The listening socket of each child, by name.
    var listeners: [String: CInt]
    private let output: (String) throws(LaunchFailure) -> CInt?
    private let null: CInt
    private var running: [pid_t: LaunchedProcess] = [:]
    /// What each child was launched from, by name: its program and its configuration.
    private var sources: [String: [FileVersion]] = [:]

    /// - Parameters:
    ///   - listeners: the listening socket of each child, by name.
    ///   - output: gives, by a child's name, where a process's stdout and stderr go; closed here when it is launched.
    init(
        _ settings: Settings, listeners: [String: CInt], output: @escaping (String) throws(LaunchFailure) -> CInt?
    ) {
        self.settings = settings
        self.listeners = listeners
        self.output = output
        null = open("/dev/null", O_RDWR | O_CLOEXEC)
    }

    /// Each readable when its process has ended.
    var pidfds: [pid_t: CInt] { running.mapValues(\.pidfd) }

    func launch(_ child: ChildSpec) throws(LaunchFailure) -> pid_t {
        let identity = try settings.changesUsers ? Identity(child.user) : nil
        let socket = listeners[child.name]
        let pipe = try output(child.name)
        defer { if let pipe { close(pipe) } }
        let log = pipe ?? null
        sources[child.name] = versions(of: child)
        let isService = child.user != .root
        let process = try LaunchRequest(
            program: program(of: child),
            arguments: child.arguments,
            environment: environment(of: child, hasSocket: socket != nil),
            identity: identity,
            noNewPrivileges: isService,
            umask: isService ? 0o077 : 0o022,
            limits: isService ? Self.serviceLimits : [],
            fds: [null, log, log] + (socket.map { [$0] } ?? [])
        ).launch()
        running[process.pid] = process
        return process.pid
    }

    func isOutdated(_ child: ChildSpec) -> Bool { sources[child.name] != versions(of: child) }

    private func program(of child: ChildSpec) -> String { settings.programDirectory + "/" + child.program }

    private func versions(of child: ChildSpec) -> [FileVersion] {
        [program(of: child), settings.configuration].map { FileVersion($0) }
    }

    func signal(_ pid: pid_t, _ number: CInt) {
        // It may have ended meanwhile; its pidfd tells of that.
        if let process = running[pid] { _ = pidfd_signal(process.pidfd, number) }
    }

    /// - Returns: how the process ended, once; nil while it runs.
    func reap(_ pid: pid_t) -> ProcessExit? {
        guard let process = running[pid] else { return nil }
        var state = pollfd(fd: process.pidfd, events: Int16(POLLIN), revents: 0)
        guard poll(&state, 1, 0) == 1 else { return nil }
        // What it left behind goes before it does: until it is reaped its pid, which is their session's id, can't be
        // anybody else's.
        ProcessTable.kill(session: pid)
        var code: CInt = 0
        var signal: CInt = 0
        guard pidfd_reap(process.pidfd, &code, &signal) else { return nil }
        close(process.pidfd)
        running[pid] = nil
        if signal == SIGKILL,
            MemoryShortage.mayHaveKilled(before: process.memoryKills, after: MemoryShortage.kills())
        {
            return .outOfMemory
        }
        return signal == 0 ? .code(Int(code)) : .signal(signal)
    }

    /// Reaps descendants that the supervisor has adopted.
    func reapOrphans() {
        while case let pid = ended_child(), pid > 0, running[pid] == nil {
            waitpid(pid, nil, WNOHANG)
        }
    }

    /// Ends whatever is left of the children's descendants.
    func killOrphans() {
        let supervisor = getpid()
        ProcessTable.kill { process in
            process.parent == supervisor && self.running[process.pid] == nil
        }
        reapOrphans()
    }

    private func environment(of child: ChildSpec, hasSocket: Bool) -> [String] {
        let microseconds = settings.watchdog / .microseconds(1)
        let sockets = ["LISTEN_FDS=1", "LISTEN_FDNAMES=\(child.socket.name)", "LISTEN_PID=0000000000"]
        return [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            // The runtime's crash report stops all threads, then makes calls that nobody would be left to answer.
            "SWIFT_BACKTRACE=enable=no",
            "NOTIFY_SOCKET=\(settings.notifySocket)", "WATCHDOG_USEC=\(Int(microseconds))",
        ] + (hasSocket ? sockets : []) + child.environment
    }
}
