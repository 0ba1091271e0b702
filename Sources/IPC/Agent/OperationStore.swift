import Glibc
public import Logging

/// Sees to it that the same key (`op`) never carries a change out twice, not even when the process died in between:
/// what was begun under a key is stored before it is run, and what came of it is the answer to all who ask again within
/// a day.
public actor OperationStore {
    private let file: DurableFile<OperationLedger>
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private var ledger: OperationLedger
    private var running: [OperationKey: Task<Attempt, Never>] = [:]

    /// Carries the change out.
    typealias Body = @Sendable () async throws(NotBegun) -> Result<[UInt8], Problem>
    private typealias Attempt = Result<Result<[UInt8], Problem>, NotBegun>

    /// - Parameter stateDirectory: where its file lies, `operations.json`. One that can't be read is set aside, so that
    ///   a spoilt file does not keep a process from running; the log says so.
    public init(
        in stateDirectory: String, logger: Logger, now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        file = DurableFile(stateDirectory + "/operations.json")
        self.logger = logger
        self.now = now
        var ledger = Self.load(file, logger)
        ledger.interruptAll(at: now())
        self.ledger = ledger
    }

    private static func load(_ file: DurableFile<OperationLedger>, _ logger: Logger) -> OperationLedger {
        do {
            return try file.load() ?? OperationLedger()
        } catch {
            let aside = file.path + ".unreadable"
            let isMoved = rename(file.path, aside) == 0
            logger.error(
                "the keys of earlier operations can't be read; a request that is repeated now may run again",
                metadata: ["file": "\(isMoved ? aside : file.path)", "reason": "\(error)"])
            return OperationLedger()
        }
    }

    /// Runs `body`, unless the key was seen before. It is not the caller's: it goes on when the caller has gone. Where it
    /// was not begun, the key is forgotten.
    /// - Parameters:
    ///   - params: one JSON text for one meaning.
    ///   - resume: goes on with what ran when the process before this one died; nil where that can't be.
    func perform(
        _ op: OperationKey, _ method: String, params: [UInt8], resume: Body? = nil, _ body: @escaping Body
    ) async -> Result<[UInt8], Problem> {
        let text = String(decoding: params, as: UTF8.self)
        switch ledger.begin(op, method, params: text, canResume: resume != nil, at: now()) {
        case .answer(let outcome): return outcome
        case .join: return await Self.answer(running[op]?.value ?? .success(.failure(.cancelled)))
        // That it was begun is stored since then. Not begun again, it is what it was: interrupted.
        case .resume: return await carryOut(op, resume ?? body) { $0.interrupt(op, at: $1) }
        case .run: return await run(op, body)
        }
    }

    private func run(_ op: OperationKey, _ body: @escaping Body) async -> Result<[UInt8], Problem> {
        do {
            try file.save(ledger)
        } catch {
            ledger.forget(op)
            logger.error("an operation's key could not be stored", metadata: ["reason": "\(error)"])
            return .failure(.unwritable(error))
        }
        return await carryOut(op, body) { ledger, _ in ledger.forget(op) }
    }

    private func carryOut(
        _ op: OperationKey, _ body: @escaping Body, unlessBegun: (inout OperationLedger, Timestamp) -> Void
    ) async -> Result<[UInt8], Problem> {
        let task = Task { () -> Attempt in
            do throws(NotBegun) { return .success(try await body()) } catch { return .failure(error) }
        }
        running[op] = task
        let attempt = await task.value
        running[op] = nil
        switch attempt {
        case .success(let outcome): ledger.end(op, outcome, at: now())
        case .failure: unlessBegun(&ledger, now())
        }
        do {
            try file.save(ledger)
        } catch {
            // It is known while this process lives; the next one takes it for interrupted.
            logger.error("an operation's outcome could not be stored", metadata: ["op": "\(op)", "reason": "\(error)"])
        }
        return Self.answer(attempt)
    }

    private static func answer(_ attempt: Attempt) -> Result<[UInt8], Problem> {
        switch attempt {
        case .success(let outcome): outcome
        case .failure(let refusal): .failure(refusal.problem)
        }
    }
}

extension Problem {
    /// Nothing was done, since it could not be stored that it was begun.
    public static func unwritable(_ error: any Error) -> Problem {
        Problem(
            .stateUnwritable, "Nothing was done: that it was begun could not be stored (\(error)).",
            hint: "Make room on the system disk, or see why it can't be written to; then try again.", retryable: true)
    }
}
