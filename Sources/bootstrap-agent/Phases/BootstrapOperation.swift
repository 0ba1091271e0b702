import FoundationEssentials
import IPC

/// Something that was asked for and begun, from its beginning to its end, as stored.
struct BootstrapOperation: Codable, Sendable, Equatable {
    enum Action: Codable, Sendable, Equatable {
        case start(BootstrapChoices)
        case retry, cleanUp
    }

    enum Outcome: Codable, Sendable, Equatable {
        case done
        case failed(BootstrapFailure)
        case cancelled
    }

    /// So many are remembered at most: far more than a person asks for in a day.
    static let capacity = 1024

    let key: OperationKey
    let action: Action
    let beganAt: Timestamp
    var endedAt: Timestamp?
    /// Nil while it runs.
    var outcome: Outcome?

    init(key: OperationKey, action: Action, beganAt: Timestamp) {
        self.key = key
        self.action = action
        self.beganAt = beganAt
    }

    func isForgotten(at now: Timestamp) -> Bool {
        endedAt.map { $0.date.addingTimeInterval(OperationKey.memory) < now.date } ?? false
    }
}

extension BootstrapOperation.Action {
    /// Nil for what nobody asks for as an operation of its own.
    init?(_ event: BootstrapPhases.Event) {
        switch event {
        case .start(let job): self = .start(job.asked ?? job.choices)
        case .retry: self = .retry
        case .cleanUp: self = .cleanUp
        case .finished, .failed, .touching, .cleaned, .resumed, .cancel: return nil
        }
    }

    fileprivate var method: String {
        switch self {
        case .start: BootstrapStart.about.method
        case .retry: BootstrapRetry.about.method
        case .cleanUp: BootstrapCleanUp.about.method
        }
    }
}

extension DetachedOperation {
    /// - Parameter state: how the bootstrap is now, which tells how far a running operation is.
    init(_ operation: BootstrapOperation, _ state: BootstrapState) {
        self.init(
            id: operation.key, method: operation.action.method, state: .running, beganAt: operation.beganAt,
            endedAt: operation.endedAt)
        switch operation.outcome {
        case nil:
            step = state.activity ?? state.phase?.title
            fraction = state.fraction
        case .done:
            self.state = .done
            fraction = 1
        case .failed(let failure):
            self.state = .failed
            (message, hint) = (failure.message, failure.hint)
        case .cancelled: self.state = .cancelled
        }
    }
}
