import CSeccomp
import Glibc

/// One system call that a filter treats otherwise than the rest, with these arguments.
struct SystemCallRule: Sendable {
    let call: String
    let conditions: [scmp_arg_cmp]
    let action: UInt32

    /// CLONE_THREAD and PR_SET_NAME, which Glibc's module leaves out.
    static let thread: UInt64 = 0x1_0000
    static let setThreadName: CInt = 15

    init(_ call: String, _ conditions: scmp_arg_cmp..., action: UInt32 = SCMP_ACT_ALLOW) {
        self.call = call
        self.conditions = conditions
        self.action = action
    }

    /// Any flag but these could make, cut or write a file.
    static let openToRead = SystemCallRule(
        "openat", .argument(2, masked: ~UInt64(O_CLOEXEC | O_DIRECTORY | O_NONBLOCK) & 0xffff_ffff, is: 0))

    static func memory(withCode: Bool) -> [SystemCallRule] {
        ["mmap", "mprotect"].map { call in
            withCode ? SystemCallRule(call) : SystemCallRule(call, .argument(2, masked: UInt64(PROT_EXEC), is: 0))
        }
    }

    /// What a witness does once it listens: it takes questions, answers them, looks at paths and writes the log.
    static func witness(of confined: pid_t) -> [SystemCallRule] {
        let names = [
            "brk", "clock_gettime", "close", "exit_group", "futex", "getrandom", "madvise", "mremap", "munmap", "poll",
            "ppoll", "restart_syscall", "rt_sigreturn", "sched_yield", "write",
        ]
        // SECCOMP_IOCTL_NOTIF_RECV, _SEND and _ADDFD.
        let questions: [UInt64] = [0xc050_2100, 0xc018_2101, 0x4018_2103]
        return names.map { SystemCallRule($0) } + memory(withCode: false) + [openToRead]
            + questions.map { SystemCallRule("ioctl", .argument(1, masked: 0xffff_ffff, is: $0)) }
            + [SystemCallRule("process_vm_readv", .argument(0, is: confined))]
    }

    /// libseccomp's macro SCMP_ACT_ERRNO.
    static func fails(_ number: CInt) -> UInt32 { 0x0005_0000 | UInt32(number) }

    /// libseccomp's functions return a negative errno.
    static func check(_ step: String, _ result: CInt) throws {
        guard result >= 0 else { throw ConfinementFailure(of: .systemCalls, step: step, errno: -result) }
    }

    fileprivate func add(to filter: scmp_filter_ctx) throws {
        let number = seccomp_syscall_resolve_name(call)
        guard number != -1 else { throw ConfinementFailure(of: .systemCalls, step: call, errno: ENOSYS) }
        try Self.check(call, seccomp_rule_add_array(filter, action, number, UInt32(conditions.count), conditions))
    }
}

extension [SystemCallRule] {
    /// - Parameter otherwise: what becomes of a call that no rule is for.
    /// - Returns: what the kernel is to be given; the caller's to release.
    func filter(otherwise: UInt32) throws -> scmp_filter_ctx {
        guard let filter = seccomp_init(otherwise) else {
            throw ConfinementFailure(of: .systemCalls, step: "seccomp_init", errno: ENOTSUP)
        }
        // no_new_privs is there already; libseccomp would set it where it is not.
        try SystemCallRule.check("no_new_privs", seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0))
        try SystemCallRule.check("all threads", seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1))
        // A call by another ABI's numbers (int 0x80) is an exploit's; to end one thread of the process would hang it.
        try SystemCallRule.check(
            "architecture", seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS))
        for rule in self { try rule.add(to: filter) }
        return filter
    }
}

extension scmp_arg_cmp {
    /// An argument that the kernel takes for an int: what stands in the register's upper half does not count.
    static func argument(_ index: UInt32, is value: CInt) -> scmp_arg_cmp {
        argument(index, masked: 0xffff_ffff, is: UInt64(UInt32(bitPattern: value)))
    }

    static func argument(_ index: UInt32, masked mask: UInt64, is value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
    }
}
