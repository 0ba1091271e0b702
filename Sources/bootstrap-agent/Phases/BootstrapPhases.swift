import IPC

/// The life of a bootstrap as a complete table, state × event. It is stored as it is before any of its effects is
/// performed, and it is what people are shown: a restart is "load it, send `resumed`".
struct BootstrapPhases: Codable, Sendable, Equatable {
    enum State: Codable, Sendable, Equatable {
        /// Nothing was done to this node, or all of it was taken back.
        case none
        case running(BootstrapPhase)
        /// The phase can be tried again, or all be taken back.
        case failed(BootstrapFailure)
        case cleaning(BootstrapFailure)
        /// Clean-up did not come to its end. Half of the cluster may be gone, so only another clean-up can follow.
        case unclean(BootstrapFailure)
        case done
    }

    enum Event: Sendable {
        case start(BootstrapJob)
        case finished(BootstrapPhase)
        case failed(BootstrapPhase, message: String, hint: String?)
        /// A disk is about to be written to.
        case touching(ChosenDisk)
        case retry
        case cleanUp
        case cleaned
        case resumed
        /// A person wants what runs to be stopped.
        case cancel
    }

    enum Effect: Sendable, Equatable {
        case perform(BootstrapPhase)
        case cleanUp
        /// Stops what runs.
        case stop
        case refuse(Refusal)
    }

    enum Refusal: Sendable, Equatable {
        case running(BootstrapPhase)
        case cleaning, failedBefore, done, notFailed, uncleanOnly, opConflict
        case nothingRuns
        /// Half of the cluster is gone.
        case pointOfNoReturn
    }

    private(set) var state: State = .none
    /// Nil in the state `none`.
    private(set) var job: BootstrapJob?
    /// What was begun, the newest last: also what belongs to a bootstrap that was taken back, so that a request that
    /// arrives once more, however late, begins nothing anew.
    private(set) var operations: [BootstrapOperation] = []

    init() {}

    /// As stored; a state of before there were operations is one without.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        state = try container.decode(State.self, forKey: .state)
        job = try container.decodeIfPresent(BootstrapJob.self, forKey: .job)
        operations = try container.decodeIfPresent([BootstrapOperation].self, forKey: .operations) ?? []
    }

    /// - Parameters:
    ///   - op: the key of what is asked for. The same key for the same request changes nothing.
    ///   - now: when the event happened.
    mutating func on(_ event: Event, op: OperationKey? = nil, at now: Timestamp) -> [Effect] {
        guard let op, let action = BootstrapOperation.Action(event) else {
            let effects = next(event, at: now)
            endOperation(with: event, at: now)
            return effects
        }
        if let known = operations.first(where: { $0.key == op }) {
            return known.action == action ? [] : [.refuse(.opConflict)]
        }
        let effects = next(event, at: now)
        let isRefused = effects.contains { if case .refuse = $0 { true } else { false } }
        if !isRefused {
            operations.removeAll { $0.isForgotten(at: now) }
            operations = operations.suffix(BootstrapOperation.capacity - 1)
            operations.append(BootstrapOperation(key: op, action: action, beganAt: now))
        }
        return effects
    }

    private mutating func endOperation(with event: Event, at now: Timestamp) {
        guard let last = operations.indices.last, operations[last].outcome == nil else { return }
        let outcome: BootstrapOperation.Outcome
        switch state {
        case .running, .cleaning: return
        case .none, .done: outcome = .done
        case .failed(let failure), .unclean(let failure):
            if case .cancel = event { outcome = .cancelled } else { outcome = .failed(failure) }
        }
        operations[last].endedAt = now
        operations[last].outcome = outcome
    }

    private mutating func next(_ event: Event, at now: Timestamp) -> [Effect] {
        switch (state, event) {
        case (.none, .start(let job)):
            self.job = job
            return enter(.prepare, at: now)
        case (.none, .retry), (.none, .cleanUp): return [.refuse(.notFailed)]
        case (.none, .cancel), (.failed, .cancel), (.unclean, .cancel), (.done, .cancel): return [.refuse(.nothingRuns)]
        case (.none, .finished), (.none, .failed), (.none, .touching), (.none, .cleaned), (.none, .resumed): return []

        case (.running(let phase), .start): return [.refuse(.running(phase))]
        case (.running(let phase), .finished(let finished)): return phase == finished ? leave(phase, at: now) : []
        case (.running(let phase), .failed(let failed, let message, let hint)):
            guard phase == failed else { return [] }
            end(.failed(BootstrapFailure(phase: phase, message: message, hint: hint)), at: now)
            return []
        case (.running, .touching(let disk)):
            if job?.touched.contains(disk) == false { job?.touched.append(disk) }
            return []
        case (.running(let phase), .retry), (.running(let phase), .cleanUp): return [.refuse(.running(phase))]
        case (.running(let phase), .resumed): return [.perform(phase)]
        case (.running(let phase), .cancel):
            let failure = BootstrapFailure(
                phase: phase, message: "It was stopped on request.", hint: "Go on with a retry, or clean up.")
            end(.failed(failure), at: now)
            return [.stop]
        case (.running, .cleaned): return []

        case (.failed, .start): return [.refuse(.failedBefore)]
        case (.failed(let failure), .retry): return enter(failure.phase, at: now)
        case (.failed(let failure), .cleanUp):
            state = .cleaning(failure)
            return [.cleanUp]
        case (.failed, .finished), (.failed, .failed), (.failed, .touching), (.failed, .cleaned), (.failed, .resumed):
            return []

        case (.cleaning, .start): return [.refuse(.cleaning)]
        case (.cleaning, .retry), (.cleaning, .cleanUp): return [.refuse(.cleaning)]
        case (.cleaning, .cleaned):
            state = .none
            job = nil
            return []
        case (.cleaning(let failure), .failed(_, let message, let hint)):
            state = .unclean(BootstrapFailure(phase: failure.phase, message: message, hint: hint))
            return []
        case (.cleaning, .resumed): return [.cleanUp]
        case (.cleaning, .cancel): return [.refuse(.pointOfNoReturn)]
        case (.cleaning, .finished), (.cleaning, .touching): return []

        case (.unclean, .start): return [.refuse(.failedBefore)]
        case (.unclean, .retry): return [.refuse(.uncleanOnly)]
        case (.unclean(let failure), .cleanUp):
            state = .cleaning(failure)
            return [.cleanUp]
        case (.unclean, .finished), (.unclean, .failed), (.unclean, .touching), (.unclean, .cleaned),
            (.unclean, .resumed):
            return []

        case (.done, .start): return [.refuse(.done)]
        case (.done, .retry), (.done, .cleanUp): return [.refuse(.notFailed)]
        case (.done, .finished), (.done, .failed), (.done, .touching), (.done, .cleaned), (.done, .resumed): return []
        }
    }

    private mutating func enter(_ phase: BootstrapPhase, at now: Timestamp) -> [Effect] {
        state = .running(phase)
        job?.endedAt = nil
        job?.times[phase] = .init(startedAt: now)
        return [.perform(phase)]
    }

    private mutating func leave(_ phase: BootstrapPhase, at now: Timestamp) -> [Effect] {
        if let next = phase.next {
            job?.times[phase]?.endedAt = now
            return enter(next, at: now)
        }
        end(.done, at: now)
        return []
    }

    private mutating func end(_ state: State, at now: Timestamp) {
        if case .running(let phase) = self.state { job?.times[phase]?.endedAt = now }
        job?.endedAt = now
        self.state = state
    }
}

extension BootstrapPhase {
    var next: BootstrapPhase? {
        let all = Self.allCases
        return all.firstIndex(of: self).map { all.index(after: $0) }.flatMap { $0 < all.endIndex ? all[$0] : nil }
    }
}
