import Glibc

/// Programs that a predecessor of this process started and that outlived it: an agent killed during
/// `cephadm bootstrap` leaves cephadm running, and two of them on one cluster would destroy each other's work.
/// They are found by an environment variable that every child of the agent carries, however it was started.
enum Leftovers {
    static let variable = "AQUARIUM_STARTED_BY"

    /// Kills them all and waits until they are gone.
    /// - Parameter mark: the value of `variable` that the predecessor gave to its children.
    /// - Returns: the ids of those that could not be ended.
    static func end(mark: String, attempts: Int = 50) async -> [pid_t] {
        var found: [pid_t] = []
        for _ in 0..<attempts {
            found = marked(mark)
            if found.isEmpty { break }
            for pid in found { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return found
    }

    static func marked(_ mark: String) -> [pid_t] {
        let wanted = Array("\(variable)=\(mark)".utf8)
        let names = (try? HostFiles().list("/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(), let environment = try? HostFiles().read("/proc/\(pid)/environ") else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
        }
    }
}
