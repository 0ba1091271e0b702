import Glibc
import IPC
import Logging

/// A reload: children are renewed one after the other, those that are called before their callers, so that the
/// programs and the configuration that are on the disk now are the ones that run.
extension ChildDriver {
    /// Hands over to a new process where two may serve at once; restarts what has changed of the others. A child that
    /// runs the same program with the same configuration is left to its work.
    mutating func reload() {
        guard !isStopping else { return }
        renewals = children.indices.filter { children[$0].spec.mayOverlap || host.isOutdated(children[$0].spec) }
        logger.info(
            "reloading", metadata: ["children": "\(renewals.map { children[$0].spec.name }.joined(separator: ", "))"])
        if renewing == nil { renewNext() }
    }

    var isReloading: Bool { renewing != nil }

    /// To be called after each change of state.
    mutating func renewNext() {
        if let renewing, !children[renewing].isSettled { return }
        if renewing != nil, renewals.isEmpty { logger.info("reloaded") }
        renewing = renewals.isEmpty ? nil : renewals.removeFirst()
        guard let index = renewing else { return }
        // What it did before says nothing about what comes now.
        children[index].policy = RestartPolicy()
        apply(children[index].spec.mayOverlap ? .handOver : .restart, to: index)
    }

    // Predecessors

    mutating func setAside(_ index: Int) {
        guard let pid = children[index].pid else { return }
        children[index].pid = nil
        children[index].predecessors.append(Predecessor(pid: pid, deadline: surroundings.now() + Limits.heartbeat))
    }

    mutating func endPredecessors(of index: Int, within limit: Duration) {
        for place in children[index].predecessors.indices where !children[index].predecessors[place].isTold {
            children[index].predecessors[place].isTold = true
            children[index].predecessors[place].deadline = surroundings.now() + limit
            host.signal(children[index].predecessors[place].pid, SIGTERM)
        }
    }

    /// - Returns: whether it was a predecessor's process.
    mutating func predecessorDied(_ pid: pid_t, _ exit: ChildExit) -> Bool {
        guard let index = children.firstIndex(where: { $0.predecessors.contains { $0.pid == pid } }) else {
            return false
        }
        children[index].predecessors.removeAll { $0.pid == pid }
        logger.info(
            "child's predecessor ended",
            metadata: ["child": "\(children[index].spec.name)", "reason": "\(exit.reason)"])
        if isStopping { stopNext() }
        return true
    }

    /// - Returns: whether it was a predecessor's process.
    mutating func predecessorBeat(_ pid: pid_t) -> Bool {
        for index in children.indices {
            guard let place = children[index].predecessors.firstIndex(where: { $0.pid == pid }) else { continue }
            if !children[index].predecessors[place].isTold {
                children[index].predecessors[place].deadline = surroundings.now() + Limits.heartbeat
            }
            return true
        }
        return false
    }

    mutating func expirePredecessors(of index: Int) {
        let now = surroundings.now()
        for place in children[index].predecessors.indices {
            let predecessor = children[index].predecessors[place]
            guard predecessor.deadline <= now else { continue }
            children[index].predecessors[place].deadline = now + Limits.heartbeat
            // Who was away that long can't tell whether it was silent.
            if !predecessor.isTold, now - predecessor.deadline > Limits.late { continue }
            logger.warning(
                "child's predecessor is killed",
                metadata: [
                    "child": "\(children[index].spec.name)",
                    "reason": predecessor.isTold
                        ? "it had not finished what it had begun in time" : "its heartbeat had stopped",
                ])
            host.signal(predecessor.pid, SIGKILL)
        }
    }
}
