import CLaunch
import CSeccomp
import Glibc
import Logging

/// What the witness does all its life: answers every system call that the confined process's filter does not allow with
/// EPERM, and tells the log.
struct RefusedCalls {
    private let confined: pid_t
    /// Readable when the confined process has ended.
    private let life: CInt
    private let listener: CInt
    private let log: LineLogHandler
    private var limit = RefusalLimit()

    /// Ends the witness when the confined process has ended.
    static func answerAll(of confined: pid_t, through channel: CInt, _ log: LineLogHandler) -> Never {
        do {
            guard var calls = try RefusedCalls(of: confined, through: channel, log) else { _exit(EXIT_SUCCESS) }
            try calls.answerAll()
            _exit(EXIT_SUCCESS)
        } catch {
            try? log.write(.critical, "refused system calls can't be told: ending", ["error": "\(error)"])
            _exit(EXIT_FAILURE)
        }
    }

    /// Nil: the confined process has ended without a filter.
    private init?(of confined: pid_t, through channel: CInt, _ log: LineLogHandler) throws {
        let life = become_witness(confined, channel, "witness")
        guard life != -ESRCH else { return nil }
        guard life >= 0 else { throw ConfinementFailure(of: .systemCalls, step: "witness", errno: -life) }
        // The first time that is told reads the time zone's files: now, while that is allowed.
        tzset()
        let filter = try SystemCallRule.witness(of: confined).filter(otherwise: SCMP_ACT_KILL_PROCESS)
        defer { seccomp_release(filter) }
        let listener = receive_descriptor(channel)
        close(channel)
        guard listener >= 0 else { return nil }
        try SystemCallRule.check("load", seccomp_load(filter))
        (self.confined, self.life, self.listener, self.log) = (confined, life, listener, log)
    }

    private mutating func answerAll() throws {
        var isOver = false
        while !isOver {
            var waited = [life, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&waited, 2, limit.wait(at: .now))
            if waited[1].revents & Int16(POLLIN) != 0 {
                try answerNext()
            } else {
                isOver = waited.contains { $0.revents != 0 }
            }
            for (call, count) in limit.leftOut(at: .now, isOver: isOver) {
                try log.write(
                    .warning, "left out refused system calls",
                    ["call": "\(call)", "count": "\(count)", "pid": "\(confined)"])
            }
        }
    }

    private mutating func answerNext() throws {
        var asked = seccomp_notif()
        let failure = next_refused_call(listener, &asked)
        // Its thread was killed before it was heard, or a signal came.
        if failure == ENOENT || failure == EINTR { return }
        guard failure == 0 else {
            throw ConfinementFailure(of: .systemCalls, step: "SECCOMP_IOCTL_NOTIF_RECV", errno: failure)
        }
        let call = RefusedCall(asked, of: confined)
        if let thread = call.thread, answerWithState(of: thread, asked.id) { return }
        // ENOENT: its thread was killed meanwhile. It was refused all the same.
        _ = refuse_call(listener, asked.id, EPERM)
        try tell(call, of: asked.pid)
    }

    /// libdispatch reads the state of its own threads now and then, and ends the process when it can't. What the path
    /// in memory says may change while the kernel looks: so the witness opens it, by a path of its own.
    private func answerWithState(of thread: pid_t, _ id: UInt64) -> Bool {
        let state = open("/proc/\(confined)/task/\(thread)/stat", O_RDONLY | O_CLOEXEC)
        guard state >= 0 else { return false }
        defer { close(state) }
        return answer_call(listener, id, state) == 0
    }

    private mutating func tell(_ call: RefusedCall, of thread: UInt32) throws {
        guard limit.mayTell(call.name, at: .now) else { return }
        var metadata: Logger.Metadata = ["call": "\(call.name)", "thread": "\(thread)", "pid": "\(confined)"]
        if let number = call.number { metadata["number"] = "\(number)" }
        if let path = call.path { metadata["path"] = "\(path)" }
        try log.write(call.isNaming ? .info : .warning, "refused a system call", metadata)
    }
}

extension LineLogHandler {
    private static let longestWait: CInt = 10_000

    /// Writes all of a line, or throws: the confined process shares this standard error, and if it has been taken over
    /// it may have made it non-blocking and full, or cut it off. What can't be told ends the witness, and so that process.
    fileprivate func write(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) throws {
        var rest = line(level, message, metadata, at: .now())[...]
        while !rest.isEmpty {
            var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&room, 1, Self.longestWait) != 0 else {
                throw ConfinementFailure(of: .systemCalls, step: "log", errno: ETIMEDOUT)
            }
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EAGAIN || errno == EINTR else {
                throw ConfinementFailure(of: .systemCalls, step: "log", errno: errno)
            }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
