import CLaunch
import CSeccomp
import Glibc

/// A system call that a process's filter did not allow.
struct RefusedCall {
    let name: String
    /// Where it has no name.
    let number: CInt?
    /// What the process's memory says it was about, for the log: another thread can have changed it meanwhile.
    let path: String?
    /// The thread whose state it wants to read, in the way in which libdispatch does: `/proc/TID/stat`.
    let thread: pid_t?
    /// Whether it wants to name a thread, as pthread_setname_np(3) does: librados tries it, and does without.
    let isNaming: Bool

    static let nameless = "unknown"
    private static let longestPath = 512
    /// Which argument is a path.
    private static let pathArguments = [
        "access": 0, "chdir": 0, "chmod": 0, "chown": 0, "chroot": 0, "creat": 0, "execve": 0, "execveat": 1,
        "faccessat": 1, "faccessat2": 1, "fchmodat": 1, "fchownat": 1, "lchown": 0, "link": 0, "linkat": 1, "lstat": 0,
        "mkdir": 0, "mkdirat": 1, "mknod": 0, "mknodat": 1, "mount": 1, "newfstatat": 1, "open": 0, "openat": 1,
        "openat2": 1, "readlink": 0, "readlinkat": 1, "rename": 0, "renameat": 1, "renameat2": 1, "rmdir": 0, "stat": 0,
        "statfs": 0, "statx": 1, "symlink": 1, "symlinkat": 2, "truncate": 0, "umount2": 0, "unlink": 0, "unlinkat": 1,
        "utimensat": 1,
    ]

    init(_ asked: seccomp_notif, of process: pid_t) {
        let data = asked.data
        let known = seccomp_syscall_resolve_num_arch(data.arch, data.nr)
        defer { free(known) }
        let name = known.map { String(cString: $0) } ?? Self.nameless
        self.name = name
        number = known == nil ? data.nr : nil
        path = Self.pathArguments[name].flatMap { index in
            let address = withUnsafeBytes(of: data.args) { $0.load(fromByteOffset: 8 * index, as: UInt64.self) }
            return Self.read(at: address, of: process)
        }
        let isReading =
            name == "openat" && CInt(truncatingIfNeeded: data.args.2) & ~(O_CLOEXEC | O_NONBLOCK) == O_RDONLY
        thread = isReading ? path.flatMap { Self.thread($0, between: "/proc/", and: "/stat") } : nil
        let named = path.flatMap { Self.thread($0, between: "/proc/self/task/", and: "/comm") }
        isNaming = name == "openat" && named != nil
    }

    private static func thread(_ path: String, between prefix: String, and suffix: String) -> pid_t? {
        guard path.hasPrefix(prefix), path.hasSuffix(suffix) else { return nil }
        return pid_t(path.dropFirst(prefix.count).dropLast(suffix.count)).flatMap { $0 > 0 ? $0 : nil }
    }

    /// The kernel copies it, as following a wrong address would end the witness.
    private static func read(at address: UInt64, of process: pid_t) -> String? {
        withUnsafeTemporaryAllocation(byteCount: longestPath, alignment: 1) { buffer in
            let count = read_memory(process, address, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
