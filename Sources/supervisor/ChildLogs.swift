import Glibc

/// The logs of all children: one reader of their pipes, one writer to the journal.
final class ChildLogs {
    private var logs: [String: ChildLog]

    init(_ topology: Topology) {
        logs = Dictionary(
            uniqueKeysWithValues: topology.children.map { ($0.name, ChildLog(component: $0.program)) })
    }

    /// The log of a child; nil for a name that none has.
    subscript(name: String) -> ChildLog? { logs[name] }

    /// Makes the pipe of a process that is about to be launched.
    /// - Returns: the end to write to, which the caller closes; nil for a name that no child has.
    func open(_ name: String) throws(LaunchFailure) -> CInt? { try logs[name]?.open() }

    var readEnds: [CInt] { logs.values.flatMap(\.readEnds) }

    func read(_ readable: Set<CInt>) {
        for name in logs.keys {
            for end in logs[name]?.readEnds ?? [] where readable.contains(end) { read(name, end) }
        }
    }

    /// Of a child that has ended: what its process wrote last, also of a line.
    func readRest(of name: String) {
        for end in logs[name]?.readEnds ?? [] {
            // A pipe's worth, and its end. Who still writes there is read in its turn.
            for _ in 0..<2 { read(name, end) }
        }
    }

    private func read(_ name: String, _ end: CInt) {
        guard let events = logs[name]?.read(end) else { return }
        var rest = events[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
