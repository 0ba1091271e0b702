import CSeccomp
import Testing

@testable import IPC

struct SystemCallFilterTests {
    @Test("every name is a system call's, and libseccomp can make a filter of each list")
    func builds() throws {
        for filter in [SystemCallFilter.gateway, .orchAgent] { seccomp_release(try filter.build()) }
    }

    @Test("a name that is none is told, instead of being left out")
    func unknownName() {
        #expect(throws: SystemCallFilterFailure.self) {
            try SystemCallFilter(names: ["opnat"], socketFamilies: [], mayLoadCode: true).build()
        }
    }

    @Test("neither list has what makes processes, runs programs, changes files or looks into other processes")
    func nothingForeign() {
        let foreign: Set = [
            "bind", "bpf", "chmod", "chown", "clone", "clone3", "execve", "execveat", "fork", "io_uring_setup", "kill",
            "memfd_create", "mknod", "mount", "open_by_handle_at", "pidfd_getfd", "pidfd_open", "pidfd_send_signal",
            "process_vm_readv", "process_vm_writev", "ptrace", "rename", "setns", "setuid", "socket", "unlink",
            "unshare", "userfaultfd", "vfork",
        ]
        for filter in [SystemCallFilter.gateway, .orchAgent] {
            #expect(foreign.isDisjoint(with: filter.names))
        }
        #expect(!SystemCallFilter.gateway.names.contains("openat"))
    }
}
