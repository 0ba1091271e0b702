import CLaunch
import CSeccomp
import Glibc

/// The path that a thread of this process wanted to open, as its memory says.
///
/// Another thread can change it between this look and the kernel's: it is for the log and for what the runtime needs.
/// What can be reached is Landlock's affair.
struct OpenedPath {
    let text: String
    private let isReadOnly: Bool

    private static let longest = 512

    /// Nil: it is no open, or the address leads nowhere.
    init?(_ data: seccomp_data) {
        guard data.nr == seccomp_syscall_resolve_name("openat") else { return nil }
        guard let text = Self.read(at: data.args.1) else { return nil }
        self.text = text
        // No flag that could make or cut a file is with it.
        isReadOnly = data.args.2 & ~UInt64(O_CLOEXEC) == UInt64(O_RDONLY)
    }

    /// libdispatch reads `/proc/TID/stat` of its own threads now and then, to see which of them run, and ends the
    /// process when it is refused.
    var isOwnThread: Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard isReadOnly, parts.count == 4, parts[0].isEmpty, parts[1] == "proc", parts[3] == "stat" else {
            return false
        }
        guard let thread = pid_t(parts[2]), thread > 0 else { return false }
        return is_own_thread(thread)
    }

    /// The kernel copies it, as following a wrong address would end the process.
    private static func read(at address: UInt64) -> String? {
        withUnsafeTemporaryAllocation(byteCount: longest, alignment: 1) { buffer in
            let count = read_own_memory(address, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
