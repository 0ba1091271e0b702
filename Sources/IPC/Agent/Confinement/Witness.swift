import CLaunch
import Glibc
import Logging
import Synchronization

/// A small process beside a confined one, which the kernel asks about every system call that the other's filter does not
/// allow. It alone holds the descriptor on which the kernel asks (seccomp_unotify(2)): who has taken over the confined
/// process can't answer in its place, nor keep it from telling. Neither of the two outlives the other.
enum Witness {
    /// The confined process's end of a socket to it, through which that descriptor goes.
    private static let channel = Mutex<CInt?>(nil)

    /// Makes it. To be called while the process has one thread.
    /// - Throws: `ConfinementFailure`.
    static func start(component: String) throws {
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ConfinementFailure(of: .systemCalls, step: "socketpair", errno: errno)
        }
        let confined = getpid()
        let pid = fork_witness()
        if pid == 0 {
            let log = LineLogHandler(component: component, logLevel: .info)
            RefusedCalls.answerAll(of: confined, through: ends[1], log)
        }
        close(ends[1])
        guard pid > 0 else {
            close(ends[0])
            throw ConfinementFailure(of: .systemCalls, step: "clone", errno: -pid)
        }
        channel.withLock { $0 = ends[0] }
    }

    /// Gives the descriptor to the witness, and keeps none. To be called once.
    /// - Throws: `ConfinementFailure`.
    static func handOver(_ listener: CInt) throws {
        defer { close(listener) }
        let end = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        guard let end else { throw ConfinementFailure(of: .systemCalls, step: "no witness", errno: ESRCH) }
        defer { close(end) }
        let failure = send_descriptor(end, listener)
        guard failure == 0 else { throw ConfinementFailure(of: .systemCalls, step: "sendmsg", errno: failure) }
    }
}
