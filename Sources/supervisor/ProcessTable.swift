import Glibc

/// The machine's processes, as /proc tells.
enum ProcessTable {
    struct Entry: Equatable {
        let pid: pid_t
        let state: Character
        let parent: pid_t
        let session: pid_t

        /// - Parameter stat: a line of /proc/PID/stat (proc(5)). The name in its parentheses may hold anything.
        init?(stat: String) {
            guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")") else { return nil }
            let fields = stat[stat.index(after: close)...].split(separator: " ")
            guard fields.count > 3, let pid = pid_t(stat[..<open].filter { $0 != " " }), let state = fields[0].first,
                let parent = pid_t(fields[1]), let session = pid_t(fields[3])
            else { return nil }
            (self.pid, self.state, self.parent, self.session) = (pid, state, parent, session)
        }

        var isAlive: Bool { state != "Z" && state != "X" }
    }

    /// Kills every process for which `matches` is true, and those that they start meanwhile.
    static func kill(where matches: (Entry) -> Bool) {
        killAll { all().filter(matches) }
    }

    /// The same for all of a session but its leader. It asks the kernel for each process's session alone, as a child's
    /// successor waits for it.
    static func kill(session: pid_t) {
        killAll { pids().filter { $0 != session && getsid($0) == session }.compactMap(entry) }
    }

    private static func killAll(_ find: () -> [Entry]) {
        // Each round leaves only what was forked while it looked; more rounds than these means a process that
        // can't be killed now.
        for _ in 0..<10 {
            let found = find().filter(\.isAlive)
            if found.isEmpty { return }
            for entry in found { Glibc.kill(entry.pid, SIGKILL) }
        }
    }

    static func all() -> [Entry] { pids().compactMap(entry) }

    private static func pids() -> [pid_t] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var pids: [pid_t] = []
        while let item = readdir(directory) {
            let pid = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { pid_t(truncatingIfNeeded: strtol($0, nil, 10)) }
            }
            if pid > 0 { pids.append(pid) }
        }
        return pids
    }

    private static func entry(of pid: pid_t) -> Entry? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? Entry(stat: String(decoding: bytes[..<count], as: UTF8.self)) : nil
    }
}
