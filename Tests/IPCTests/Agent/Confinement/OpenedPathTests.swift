import CSeccomp
import Glibc
import Testing

@testable import IPC

struct OpenedPathTests {
    private func opened(_ path: String, flags: CInt = O_RDONLY, call: String = "openat") -> OpenedPath? {
        path.withCString { text in
            OpenedPath(data(UInt64(UInt(bitPattern: text)), flags: flags, call: call))
        }
    }

    private func data(_ address: UInt64, flags: CInt = O_RDONLY, call: String = "openat") -> seccomp_data {
        var data = seccomp_data()
        data.nr = seccomp_syscall_resolve_name(call)
        data.args.1 = address
        data.args.2 = UInt64(flags)
        return data
    }

    /// A thread that waits until the process ends.
    private func anotherThread() throws -> pid_t {
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        var thread = pthread_t()
        let end = UnsafeMutableRawPointer(bitPattern: Int(ends[1]))
        let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { end in
            // PID/task/TID
            var link = [CChar](repeating: 0, count: 64)
            _ = readlink("/proc/thread-self", &link, link.count - 1)
            let name = link.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            var id = String(decoding: name, as: UTF8.self).split(separator: "/").last.flatMap { pid_t($0) } ?? 0
            _ = write(CInt(Int(bitPattern: end)), &id, MemoryLayout<pid_t>.size)
            while true { pause() }
        }
        try #require(pthread_create(&thread, nil, main, end) == 0)
        var id = pid_t()
        try #require(read(ends[0], &id, MemoryLayout<pid_t>.size) == MemoryLayout<pid_t>.size)
        return id
    }

    @Test("the path is what the caller's memory says")
    func path() {
        #expect(opened("/etc/shadow")?.text == "/etc/shadow")
    }

    @Test("an address that leads nowhere is no path, and does no harm")
    func wrongAddress() {
        #expect(OpenedPath(data(0)) == nil)
        #expect(OpenedPath(data(.max - 8)) == nil)
    }

    @Test("another call has no path, whatever its second argument is")
    func otherCall() {
        #expect(opened("/etc/shadow", call: "kill") == nil)
    }

    @Test("the state of each of the process's own threads may be read", arguments: [O_RDONLY, O_RDONLY | O_CLOEXEC])
    func ownThreads(flags: CInt) throws {
        // The first thread's id is the process's.
        #expect(opened("/proc/\(getpid())/stat", flags: flags)?.isOwnThread == true)
        let thread = try anotherThread()
        #expect(opened("/proc/\(thread)/stat", flags: flags)?.isOwnThread == true)
    }

    @Test(
        "nothing else may be read",
        arguments: [
            "/proc/1/stat", "/proc/\(getppid())/stat", "/proc/\(getpid())/mem", "/proc/\(getpid())/../1/stat",
            "/proc/0/stat", "/proc/-1/stat", "/proc//stat", "proc/\(getpid())/stat", "/proc/\(getpid())/stat/",
            "/etc/shadow", "",
        ])
    func others(path: String) {
        #expect(opened(path)?.isOwnThread == false)
    }

    @Test("nor may they be written", arguments: [O_WRONLY, O_RDWR])
    func writing(flags: CInt) {
        #expect(opened("/proc/\(getpid())/stat", flags: flags)?.isOwnThread == false)
    }
}
