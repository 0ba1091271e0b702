import CSeccomp
import Glibc
import Testing

@testable import IPC

struct RefusedCallTests {
    private func asked(_ call: String, path: UInt64, at index: Int = 1, flags: UInt64 = 0) -> RefusedCall {
        var asked = seccomp_notif()
        asked.data.nr = seccomp_syscall_resolve_name(call)
        asked.data.arch = seccomp_arch_native()
        withUnsafeMutableBytes(of: &asked.data.args) {
            $0.storeBytes(of: path, toByteOffset: 8 * index, as: UInt64.self)
        }
        asked.data.args.2 = flags
        return RefusedCall(asked, of: getpid())
    }

    private func opened(_ path: String, flags: CInt = O_RDONLY) -> RefusedCall {
        path.withCString { text in
            asked("openat", path: UInt64(UInt(bitPattern: text)), flags: UInt64(UInt32(bitPattern: flags)))
        }
    }

    @Test("name and path are what the process's registers and memory say")
    func path() {
        #expect(opened("/etc/shadow").name == "openat")
        #expect(opened("/etc/shadow").path == "/etc/shadow")
        let program = "/bin/sh".withCString { text in
            asked("execve", path: UInt64(UInt(bitPattern: text)), at: 0).path
        }
        #expect(program == "/bin/sh")
    }

    @Test("an address that leads nowhere is no path, and does no harm", arguments: [0, .max - 8])
    func wrongAddress(address: UInt64) {
        #expect(asked("openat", path: address).path == nil)
    }

    @Test("of a path that does not end a part is told")
    func longPath() {
        #expect(opened(String(repeating: "x", count: 5000)).path == String(repeating: "x", count: 512))
    }

    @Test("a call that takes no path has none, whatever its arguments are")
    func otherCall() {
        "/etc/shadow".withCString { text in
            #expect(asked("kill", path: UInt64(UInt(bitPattern: text))).path == nil)
        }
    }

    @Test("a number that is no call's is told as it is")
    func nameless() {
        var data = seccomp_notif()
        data.data.nr = 9999
        data.data.arch = seccomp_arch_native()
        let call = RefusedCall(data, of: getpid())
        #expect(call.name == "unknown" && call.number == 9999)
    }

    @Test(
        "a thread's state is asked for as libdispatch does it",
        arguments: [O_RDONLY, O_RDONLY | O_CLOEXEC, O_RDONLY | O_NONBLOCK])
    func state(flags: CInt) {
        #expect(opened("/proc/\(getpid())/stat", flags: flags).thread == getpid())
    }

    @Test("what stands in the upper half of a register is not looked at, as the kernel doesn't either")
    func upperHalf() {
        let call = "/proc/1/stat".withCString { asked("openat", path: UInt64(UInt(bitPattern: $0)), flags: 0xff << 32) }
        #expect(call.thread == 1)
    }

    @Test(
        "nothing else is a thread's state",
        arguments: [
            "/proc/1/mem", "/proc/1/../2/stat", "/proc/0/stat", "/proc/-1/stat", "/proc//stat", "proc/1/stat",
            "/proc/1/stat/", "/proc/stat", "/proc/self/stat", "/proc/99999999999/stat", "/etc/shadow", "",
        ])
    func others(path: String) {
        #expect(opened(path).thread == nil)
    }

    @Test("that a thread is to be named is told from other writing")
    func naming() {
        #expect(opened("/proc/self/task/77/comm", flags: O_RDWR).isNaming)
        for path in ["/proc/self/task/77/../1/comm", "/proc/self/task//comm", "/proc/1/comm", "/proc/self/task/77/mem"]
        {
            #expect(!opened(path, flags: O_RDWR).isNaming)
        }
    }

    @Test("nor is it written", arguments: [O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC])
    func writing(flags: CInt) {
        #expect(opened("/proc/1/stat", flags: flags).thread == nil)
    }
}
