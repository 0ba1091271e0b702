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
        // Each round leaves only what was forked while it looked; more rounds than these means a process that
        // can't be killed now.
        for _ in 0..<10 {
            let found = all().filter { $0.isAlive && matches($0) }
            if found.isEmpty { return }
            for entry in found { Glibc.kill(entry.pid, SIGKILL) }
        }
    }

    static func all() -> [Entry] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var entries: [Entry] = []
        while let item = readdir(directory) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if pid_t(name) != nil, let stat = stat(of: name), let entry = Entry(stat: stat) { entries.append(entry) }
        }
        return entries
    }

    private static func stat(of pid: String) -> String? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
