import Glibc

/// How the kernel ends processes for want of memory, as /proc tells.
enum MemoryShortage {
    /// How many it has ended since the machine started, in whatever cgroup: `oom_kill` in /proc/vmstat, which is raised
    /// before the signal is sent (mm/oom_kill.c).
    /// - Returns: nil where that can't be told.
    static func kills() -> Int? {
        let file = open("/proc/vmstat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? kills(in: bytes[..<count]) : nil
    }

    /// - Parameter vmstat: lines of a name and a number.
    static func kills(in vmstat: ArraySlice<UInt8>) -> Int? {
        let line = vmstat.split(separator: UInt8(ascii: "\n")).last { $0.starts(with: name) }
        return line.flatMap { Int(String(decoding: $0.dropFirst(name.count), as: UTF8.self)) }
    }

    private static let name = Array("oom_kill ".utf8)

    /// Whether a process that ended by SIGKILL may have been ended so. It says yes too often: when it was another one, and
    /// where it can't be told.
    /// - Parameters:
    ///   - before: `kills` when the process began.
    ///   - after: `kills` when it had ended.
    static func mayHaveKilled(before: Int?, after: Int?) -> Bool {
        guard let before, let after else { return true }
        return after > before
    }
}
