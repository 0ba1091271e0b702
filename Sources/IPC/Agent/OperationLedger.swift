import FoundationEssentials

/// The calls that change something and were made under a key of their caller's (`op`), with what came of them. Pure:
/// `OperationStore` keeps it in a file.
struct OperationLedger: Codable, Sendable, Equatable {
    /// More keys than that within `OperationKey.memory` are refused.
    static let capacity = 4096

    enum Decision: Equatable {
        case run
        /// It ran when its process died, and is to be gone on with.
        case resume
        /// The operation runs: its outcome is the answer to this call, too.
        case join
        case answer(Result<[UInt8], Problem>)
    }

    private struct Entry: Codable, Sendable, Equatable {
        let op: OperationKey
        let method: String
        /// JSON text.
        let params: String
        let begunAt: Timestamp
        var endedAt: Timestamp?
        /// JSON text of the result.
        var result: String?
        var problem: Problem?
    }

    private var entries: [Entry] = []

    /// - Parameter canResume: whether what was interrupted can be gone on with.
    /// - Returns: what to do about a call. After `run` the ledger has to be stored before the operation is run.
    mutating func begin(
        _ op: OperationKey, _ method: String, params: String, canResume: Bool = false, at now: Timestamp
    ) -> Decision {
        if let index = entries.firstIndex(where: { $0.op == op }) {
            let entry = entries[index]
            // By bytes: Swift takes two texts for one that differ in how they compose their letters.
            guard entry.method == method, entry.params.utf8.elementsEqual(params.utf8) else {
                return .answer(.failure(.opConflict))
            }
            if canResume, entry.problem?.kind == .opInterrupted {
                (entries[index].endedAt, entries[index].problem) = (nil, nil)
                return .resume
            }
            return Self.outcome(of: entry).map { .answer($0) } ?? .join
        }
        entries.removeAll { ($0.endedAt ?? now).date.addingTimeInterval(OperationKey.memory) < now.date }
        guard entries.count < Self.capacity else { return .answer(.failure(Self.full)) }
        entries.append(Entry(op: op, method: method, params: params, begunAt: now))
        return .run
    }

    mutating func end(_ op: OperationKey, _ outcome: Result<[UInt8], Problem>, at now: Timestamp) {
        guard let index = entries.firstIndex(where: { $0.op == op }) else { return }
        entries[index].endedAt = now
        switch outcome {
        case .success(let result): entries[index].result = String(decoding: result, as: UTF8.self)
        case .failure(let problem): entries[index].problem = problem
        }
    }

    /// It was not begun: the key is as good as new.
    mutating func forget(_ op: OperationKey) { entries.removeAll { $0.op == op } }

    /// The process that ran them is gone: what had not ended never will by itself.
    mutating func interruptAll(at now: Timestamp) {
        for entry in entries where entry.endedAt == nil { interrupt(entry.op, at: now) }
    }

    mutating func interrupt(_ op: OperationKey, at now: Timestamp) { end(op, .failure(Self.interrupted), at: now) }

    private static func outcome(of entry: Entry) -> Result<[UInt8], Problem>? {
        entry.problem.map { .failure(asToldAgain($0)) } ?? entry.result.map { .success(Array($0.utf8)) }
    }

    /// Under this key it stays what it is, however often it is asked for.
    private static func asToldAgain(_ problem: Problem) -> Problem {
        guard problem.retryable else { return problem }
        var problem = problem
        problem.retryable = false
        problem.hint = [problem.hint, "This came of it when it was done; to try again, use a new key."]
            .compactMap { $0 }.joined(separator: " ")
        return problem
    }

    private static let full = Problem(
        .busy, "\(capacity) changes were made under keys within a day; no more keys can be remembered.",
        hint: "Try again later, or without a key.")
    private static let interrupted = Problem(
        .opInterrupted,
        "The process that carried this out ended before it was done. Whether it took effect is not known.",
        hint: "Look at how things are; if it is still wanted, ask for it under a new key.")
}
