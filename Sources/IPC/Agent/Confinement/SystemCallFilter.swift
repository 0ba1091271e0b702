import CSeccomp
import Glibc
import Logging

/// The system calls that a process may make, by name, as seccomp(2) enforces it. Any other fails with EPERM and is
/// logged with its name: it neither ends the process nor goes unseen.
///
/// The lists are what `strace -f -qq` showed of the programs from their first request to their end, with a Ceph 16
/// cluster whose manager and monitor were killed and restarted meanwhile, and what glibc, the Swift runtime and
/// librados call besides when time, memory or threads are short.
public struct SystemCallFilter: Sendable {
    /// Allowed whatever their arguments.
    let names: [String]
    /// Which sockets may be made: AF_….
    let socketFamilies: [CInt]
    /// Whether it may get memory that holds instructions: a library that is loaded while it runs.
    let mayLoadCode: Bool

    /// Reads and writes what is open, waits, has memory and threads, serves and calls sockets; makes no process and runs
    /// no program.
    private static let base = [
        "accept4", "brk", "clock_gettime", "clock_nanosleep", "close", "connect", "dup", "epoll_create1", "epoll_ctl",
        "epoll_pwait", "epoll_wait", "eventfd2", "exit", "exit_group", "fcntl", "fstat", "futex", "getegid",
        "geteuid", "getgid", "getpeername", "getpid", "getrandom", "getsockname", "getsockopt", "gettid",
        "gettimeofday", "getuid", "listen", "lseek", "madvise", "mremap", "munmap", "nanosleep", "newfstatat", "poll",
        "ppoll", "read", "readv", "recvfrom", "recvmsg", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask",
        "rt_sigreturn", "rt_sigsuspend", "sched_getaffinity", "sched_yield", "sendmsg", "sendto", "set_robust_list",
        "setsockopt", "shutdown", "sigaltstack", "signalfd4", "sysinfo", "timerfd_create", "timerfd_settime", "write",
        "writev",
        // libdispatch gives its threads their priority.
        "setpriority",
    ]

    /// Has read all its files before: it opens none, but what `RefusedCalls` lets through.
    public static let gateway = SystemCallFilter(names: base, socketFamilies: [AF_UNIX], mayLoadCode: false)

    /// librados opens its configuration and key for each connection, and loads its own libraries then.
    public static let orchAgent = SystemCallFilter(
        names: base + [
            "access", "epoll_create", "openat", "pipe2", "pread64", "readlink", "readlinkat", "uname",
        ],
        socketFamilies: [AF_UNIX, AF_INET, AF_INET6], mayLoadCode: true)

    /// - Throws: `SystemCallFilterFailure`.
    func apply(_ logger: Logger) throws {
        // The first line with a time reads the time zone's file: now, while that is allowed.
        logger.info("system calls are confined", metadata: ["allowed": "\(names.count)"])
        let refused = try RefusedCalls(logger: logger)
        try refused.start()
        do {
            refused.listen(on: try load())
        } catch {
            refused.listen(on: nil)
            throw error
        }
    }

    /// - Returns: the descriptor on which the kernel tells of each refused call, and waits for an answer.
    private func load() throws -> CInt {
        let filter = try build()
        defer { seccomp_release(filter) }
        try check("load", seccomp_load(filter))
        // libseccomp never closes its own: with it open the kernel would take nobody's end for an answer that may come.
        let original = seccomp_notify_fd(filter)
        defer { close(original) }
        let listener = fcntl(original, F_DUPFD_CLOEXEC, 3)
        guard listener >= 0 else { throw SystemCallFilterFailure(step: "listener", errno: errno) }
        return listener
    }

    /// - Returns: what the kernel is to be given; the caller's to release.
    func build() throws -> scmp_filter_ctx {
        guard let filter = seccomp_init(SCMP_ACT_NOTIFY) else {
            throw SystemCallFilterFailure(step: "init", errno: ENOMEM)
        }
        // no_new_privs is there already; libseccomp would set it where it is not.
        try check("no_new_privs", seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0))
        try check("all threads", seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1))
        // A call by another ABI's numbers (int 0x80) is an exploit's; to end one thread of the process would hang it.
        try check("architecture", seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS))
        for rule in rules { try rule.add(to: filter) }
        return filter
    }

    private var rules: [Rule] {
        let withoutExec = mayLoadCode ? [] : [scmp_arg_cmp.argument(2, masked: UInt64(PROT_EXEC), is: 0)]
        return names.map { Rule(call: $0) }
            + ["mmap", "mprotect"].map { Rule(call: $0, conditions: withoutExec) }
            + RefusedCalls.ioctls.map { Rule(call: "ioctl", conditions: [.argument(1, masked: 0xffff_ffff, is: $0)]) }
            + socketFamilies.map { Rule(call: "socket", conditions: [.argument(0, is: UInt64($0))]) }
            + [
                // A thread is allowed, a process is not. clone3(2) has its flags in memory, where a filter can't look:
                // without it, glibc takes clone(2).
                Rule(call: "clone3", action: Rule.fails(ENOSYS)),
                Rule(call: "clone", conditions: [.argument(0, masked: Rule.thread, is: Rule.thread)]),
                Rule(call: "prctl", conditions: [.argument(0, is: Rule.setThreadName)]),
                // The runtime and libdispatch signal threads of their own process.
                Rule(call: "tgkill", conditions: [.argument(0, is: UInt64(getpid()))]),
                // `RefusedCalls` reads the path of a refused open.
                Rule(call: "process_vm_readv", conditions: [.argument(0, is: UInt64(getpid()))]),
                // Asking for a limit is allowed, setting one, or another process's, is not.
                Rule(call: "prlimit64", conditions: [.argument(0, is: 0), .argument(2, is: 0)]),
            ]
    }
}

/// Why the kernel did not take a filter.
struct SystemCallFilterFailure: Error, CustomStringConvertible {
    let step: String
    let errno: CInt

    var description: String { "The system calls can't be confined (\(step)): \(String(cString: strerror(errno)))." }
}

/// libseccomp's functions return a negative errno.
private func check(_ step: String, _ result: CInt) throws {
    guard result >= 0 else { throw SystemCallFilterFailure(step: step, errno: -result) }
}

private struct Rule {
    var call: String
    var conditions: [scmp_arg_cmp] = []
    var action = SCMP_ACT_ALLOW

    /// CLONE_THREAD and PR_SET_NAME, which Glibc's module leaves out.
    static let thread: UInt64 = 0x1_0000
    static let setThreadName: UInt64 = 15

    /// libseccomp's macro SCMP_ACT_ERRNO.
    static func fails(_ number: CInt) -> UInt32 { 0x0005_0000 | UInt32(number) }

    func add(to filter: scmp_filter_ctx) throws {
        let number = seccomp_syscall_resolve_name(call)
        guard number != -1 else { throw SystemCallFilterFailure(step: call, errno: ENOSYS) }
        try check(call, seccomp_rule_add_array(filter, action, number, UInt32(conditions.count), conditions))
    }
}

extension scmp_arg_cmp {
    fileprivate static func argument(_ index: UInt32, is value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: index, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
    }

    fileprivate static func argument(_ index: UInt32, masked mask: UInt64, is value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
    }
}
