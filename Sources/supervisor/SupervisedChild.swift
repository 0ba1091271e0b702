import CLaunch
import Glibc
import IPC

/// What the driver knows of one child.
struct SupervisedChild {
    let spec: ChildSpec
    var lifecycle = ChildLifecycle()
    var policy = RestartPolicy()
    var pid: pid_t?
    var predecessors: [Predecessor] = []
    /// When it came into its state.
    var since: Timestamp
    /// When it said READY=1; nil while it is not running.
    var readySince: SuspendingClock.Instant?
    /// When its state's limit of time ends.
    var deadline: SuspendingClock.Instant?
    var launches = 0
    var lastExit: ChildExit?
    /// Why it was sent SIGKILL, if it was: in words that follow how it ended.
    var killReason: String?

    init(_ spec: ChildSpec, at now: Timestamp) {
        self.spec = spec
        since = now
    }

    var state: ChildLifecycle.State { lifecycle.state }

    /// Whether its end, if it came now, was asked for.
    var wasToldToEnd: Bool { state == .stopping || state == .restarting }

    /// Whether the supervisor itself is to answer on its socket.
    var isAnsweredFor: Bool { state == .crashLoop && pid == nil && predecessors.isEmpty }

    /// Whether the next child's turn has come in a reload: this one runs, or could not be made to at once.
    var isSettled: Bool {
        switch state {
        case .running, .backoff, .crashLoop, .stopped: true
        case .starting, .restarting, .stopping: false
        }
    }

    /// As `supervisor.status` tells it.
    var report: Child {
        Child(
            name: spec.name, state: state.reported, pid: pid.map(Int.init), since: since,
            restarts: max(launches - 1, 0), lastExit: lastExit)
    }
}

extension ChildSpec {
    /// What its clients speak.
    var language: CrashLoopDesk.Language {
        switch socket {
        case .unix(let name): .lines(Contracts.all.first { $0.name == name }!)
        case .tcp: .http
        }
    }
}

extension Problem {
    /// What everybody is told who asks a child that crashes again and again.
    /// - Parameter lines: of its log, the very last of which are shown; nil for somebody who may not read it.
    static func crashLoop(of child: SupervisedChild, lastLines lines: [String]?) -> Problem {
        let name = child.spec.name
        let last = (lines ?? []).suffix(3).map { line in
            line.utf8.count > 300 ? String(decoding: line.utf8.prefix(300), as: UTF8.self) + "…" : line
        }
        let said = last.isEmpty ? "" : " It logged last:\n" + last.joined(separator: "\n")
        return Problem(
            .agentCrashLoop,
            "The \(child.spec.program) crashes again and again: \(child.lastExit?.reason ?? "unknown").\(said)",
            hint: "It is tried every \(RestartPolicy.crashLoopPause.components.seconds) s. supervisor.logs tells more; "
                + "when the cause is gone, supervisor.restart with the name \(name) starts it at once.",
            retryable: true)
    }
}

extension ChildLifecycle.State {
    var reported: Child.State {
        switch self {
        case .stopped: .stopped
        case .starting: .starting
        case .running: .running
        case .restarting, .stopping: .stopping
        case .backoff: .backoff
        case .crashLoop: .crashLoop
        }
    }

    /// Why a child is killed whose limit of time has passed in this state.
    var killReason: String? {
        switch self {
        case .starting: "it had not become ready in time"
        case .running: "its heartbeat had stopped"
        case .restarting, .stopping: "it had not ended in time when told to"
        case .stopped, .backoff, .crashLoop: nil
        }
    }
}

extension ProcessExit {
    /// Who is to blame, if the supervisor did not kill it.
    var cause: RestartPolicy.Cause {
        switch self {
        case .signal(SIGKILL): .outside
        case .code, .signal, .outOfMemory: .own
        }
    }

    /// What killed it, if the supervisor did not: in words that follow how it ended.
    var killer: String? {
        switch self {
        case .signal(SIGKILL): "not by the supervisor, nor for want of memory"
        case .outOfMemory: "perhaps for want of memory"
        case .code, .signal: nil
        }
    }
}

extension ChildExit {
    /// - Parameter cause: why it was killed.
    init(_ exit: ProcessExit, because cause: String?, at time: Timestamp) {
        let why = cause.map { ": " + $0 } ?? ""
        switch exit {
        case .code(let code):
            self.init(code: code, signal: nil, at: time, reason: "ended with exit code \(code)\(why)")
        case .signal(let number):
            let name = signal_name(number).map { "SIG" + String(cString: $0) } ?? "signal \(number)"
            self.init(code: nil, signal: name, at: time, reason: "killed by \(name)\(why)")
        case .outOfMemory:
            self.init(.signal(SIGKILL), because: cause, at: time)
        }
    }

    init(_ failure: LaunchFailure, at time: Timestamp) {
        self.init(code: nil, signal: nil, at: time, reason: "could not be launched: \(failure)")
    }
}
