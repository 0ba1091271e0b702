import IPC

/// A call that was refused or failed, as a person is told of it.
struct Failure: Error {
    let problem: Problem
    /// The key under which a change was asked for.
    var op: OperationKey?

    /// What happened, what to do, which parameter is to blame, where the details are.
    func lines(_ console: Console) -> [String] {
        var lines = [console.red("Error:") + " " + Printable.text(problem.message)]
        if let hint = problem.hint { lines.append("Hint: " + Printable.text(hint)) }
        if let pointer = problem.pointer, !pointer.isEmpty { lines.append("Parameter: " + Printable.text(pointer)) }
        lines.append("Kind: " + problem.kind.rawValue)
        if let incident = problem.incident {
            lines.append("Incident: " + Printable.text(incident))
        }
        if let op, isOutcomeUnknown {
            lines.append("Whether it was done is not known. The same command with --op \(op) never does it twice.")
        }
        return lines
    }

    /// The answer was lost, not the question refused.
    private var isOutcomeUnknown: Bool {
        switch problem.kind {
        case .agentUnavailable, .deadline, .cancelled, .bug: true
        default: false
        }
    }
}
