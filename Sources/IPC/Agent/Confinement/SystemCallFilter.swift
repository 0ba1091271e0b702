import CSeccomp
import Glibc
import Logging

/// The system calls that a process may make, by name, as seccomp(2) enforces it. Any other fails with EPERM and is
/// logged with its name, both by the process's `Witness`: it neither ends the process nor goes unseen.
///
/// The lists are what `strace -f -qq` showed of the programs from their first request to their end, with a Ceph 16
/// cluster whose manager and monitor were killed and restarted meanwhile, and what glibc, the Swift runtime and
/// librados call besides when time, memory or threads are short.
public struct SystemCallFilter: Sendable {
    /// Allowed whatever their arguments.
    let names: [String]
    /// Which sockets may be made: AF_….
    let socketFamilies: [CInt]
    /// Whether it may open files, to read them.
    let mayOpen: Bool
    /// Whether it may get memory that holds instructions: a library that is loaded while it runs.
    let mayLoadCode: Bool

    /// Reads and writes what is open, waits, has memory and threads, serves and calls sockets; makes no process and runs
    /// no program.
    private static let base = [
        "accept4", "brk", "clock_gettime", "clock_nanosleep", "close", "connect", "dup", "epoll_create1", "epoll_ctl",
        "epoll_pwait", "epoll_wait", "eventfd2", "exit", "exit_group", "fstat", "futex", "getegid", "geteuid", "getgid",
        "getpeername", "getpid", "getrandom", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "listen",
        "lseek", "madvise", "mremap", "munmap", "nanosleep", "newfstatat", "poll", "ppoll", "read", "readv", "recvfrom",
        "recvmsg", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
        "sched_getaffinity", "sched_yield", "sendmsg", "sendto", "set_robust_list", "setsockopt", "shutdown",
        "sigaltstack", "signalfd4", "sysinfo", "timerfd_create", "timerfd_settime", "write", "writev",
        // libdispatch gives its threads their priority.
        "setpriority",
    ]

    /// Has read all its files before: it opens none.
    public static let gateway = SystemCallFilter(
        names: base, socketFamilies: [AF_UNIX], mayOpen: false, mayLoadCode: false)

    /// librados opens its configuration and key for each connection, and loads its own libraries then.
    public static let orchAgent = SystemCallFilter(
        names: base + ["access", "epoll_create", "pipe2", "pread64", "readlink", "readlinkat", "uname"],
        socketFamilies: [AF_UNIX, AF_INET, AF_INET6], mayOpen: true, mayLoadCode: true)

    /// - Throws: `ConfinementFailure`.
    func apply(_ logger: Logger) throws {
        // The first line with a time reads the time zone's file: now, while that is allowed.
        logger.info("system calls are confined", metadata: ["allowed": "\(allowed.count)"])
        try Witness.handOver(try load())
    }

    /// The names of all calls that are allowed with some arguments at least.
    var allowed: Set<String> { Set(rules.filter { $0.action == SCMP_ACT_ALLOW }.map(\.call)) }

    /// - Returns: the descriptor on which the kernel tells of each refused call, and waits for an answer.
    private func load() throws -> CInt {
        let filter = try build()
        defer { seccomp_release(filter) }
        try SystemCallRule.check("load", seccomp_load(filter))
        return seccomp_notify_fd(filter)
    }

    /// - Returns: what the kernel is to be given; the caller's to release.
    func build() throws -> scmp_filter_ctx { try rules.filter(otherwise: SCMP_ACT_NOTIFY) }

    private var rules: [SystemCallRule] {
        names.map { SystemCallRule($0) } + SystemCallRule.memory(withCode: mayLoadCode)
            + (mayOpen ? [.openToRead] : []) + socketFamilies.map { SystemCallRule("socket", .argument(0, is: $0)) }
            // Not F_SETOWN and F_SETSIG, by which the kernel would send any signal to any process of the user.
            + [F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL].map {
                SystemCallRule("fcntl", .argument(1, is: $0))
            }
            + [
                // A thread is allowed, a process is not. clone3(2) has its flags in memory, where a filter can't look:
                // without it, glibc takes clone(2).
                SystemCallRule("clone3", action: SystemCallRule.fails(ENOSYS)),
                SystemCallRule("clone", .argument(0, masked: SystemCallRule.thread, is: SystemCallRule.thread)),
                SystemCallRule("prctl", .argument(0, is: SystemCallRule.setThreadName)),
                // The runtime and libdispatch signal threads of their own process.
                SystemCallRule("tgkill", .argument(0, is: getpid())),
                // Asking for a limit is allowed, setting one, or another process's, is not.
                SystemCallRule("prlimit64", .argument(0, is: 0), .argument(2, masked: .max, is: 0)),
            ]
    }
}
