import CSeccomp
import Testing

@testable import IPC

struct SystemCallFilterTests {
    @Test("every name is a system call's, and libseccomp can make a filter of each list")
    func builds() throws {
        for filter in [SystemCallFilter.gateway, .orchAgent] { seccomp_release(try filter.build()) }
        seccomp_release(try SystemCallRule.witness(of: 1).filter(otherwise: SCMP_ACT_KILL_PROCESS))
    }

    @Test("a name that is none is told, instead of being left out")
    func unknownName() {
        #expect(throws: ConfinementFailure.self) { try [SystemCallRule("opnat")].filter(otherwise: SCMP_ACT_NOTIFY) }
    }

    @Test("neither list has what makes processes, runs programs, changes files, looks into others or answers a filter")
    func nothingForeign() {
        let foreign: Set = [
            "bind", "bpf", "chmod", "chown", "execve", "execveat", "fork", "io_uring_setup", "ioctl", "kill",
            "memfd_create", "mknod", "mount", "open", "open_by_handle_at", "openat2", "pidfd_getfd", "pidfd_open",
            "pidfd_send_signal", "process_vm_readv", "process_vm_writev", "ptrace", "rename", "seccomp", "setns",
            "setuid", "unlink", "unshare", "userfaultfd", "vfork",
        ]
        for filter in [SystemCallFilter.gateway, .orchAgent] {
            #expect(foreign.isDisjoint(with: filter.allowed))
            // These only with the right arguments.
            #expect(Set(["clone", "clone3", "fcntl", "openat", "prctl", "socket"]).isDisjoint(with: filter.names))
        }
        #expect(!SystemCallFilter.gateway.allowed.contains("openat"))
    }
}
