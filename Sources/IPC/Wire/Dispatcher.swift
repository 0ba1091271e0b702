import Logging

/// Finds the method that a call names, checks that the peer may call it, and turns whatever happens into one reply.
struct Dispatcher<Agent: Sendable>: Sendable {
    private let contract: Contract<Agent>
    private let agent: Agent
    private let operations: OperationStore
    private let discovery: Cached<[UInt8]>

    init(contract: Contract<Agent>, agent: Agent, operations: OperationStore) {
        self.contract = contract
        self.agent = agent
        self.operations = operations
        let description = contract.description
        discovery = Cached { OpenRPC.document(description).bytes }
    }

    func perform(_ method: String, _ params: JSON, _ call: Call) async -> Result<[UInt8], Problem> {
        let start = ContinuousClock.now
        let outcome = await outcome(method, params, call)
        call.logger.info(
            "answered",
            metadata: [
                "method": "\(method.prefix(80))", "peer": "\(call.peer.class.rawValue)",
                "outcome": "\(outcome.problemKind?.rawValue ?? "ok")",
                "duration_ms": "\(start.duration(to: .now).milliseconds)",
            ])
        return outcome
    }

    private func outcome(_ method: String, _ params: JSON, _ call: Call) async -> Result<[UInt8], Problem> {
        await caught(method, call) { () async throws -> Result<[UInt8], Problem> in
            if method == "rpc.discover" {
                try Schema.object([]).check(params, at: "")
                return .success(discovery.value)
            }
            guard let endpoint = contract.endpoints[method] else { throw unknown(method) }
            let about = endpoint.operation.about
            try allow(call.peer, about, call.logger)
            log(about, call)
            let prepared = try endpoint.prepare(params)
            guard about.effect == .change, !about.isDetached, let op = call.op else {
                return .success(try await prepared.run(agent, call))
            }
            func body(_ run: @escaping PreparedCall<Agent>.Run) -> OperationStore.Body {
                { () throws(NotBegun) in try await attempt(method, call) { .success(try await run(agent, call)) } }
            }
            return await operations.perform(
                op, method, params: try prepared.params(), resume: prepared.resume.map(body), body(prepared.run))
        }
    }

    private func caught(
        _ method: String, _ call: Call, _ body: () async throws -> Result<[UInt8], Problem>
    ) async -> Result<[UInt8], Problem> {
        do {
            return try await attempt(method, call, body)
        } catch {
            return .failure(error.problem)
        }
    }

    private func attempt(
        _ method: String, _ call: Call, _ body: () async throws -> Result<[UInt8], Problem>
    ) async throws(NotBegun) -> Result<[UInt8], Problem> {
        do {
            return try await body()
        } catch let refusal as NotBegun {
            throw refusal
        } catch let problem as Problem {
            return .failure(problem)
        } catch is CancellationError {
            return .failure(.cancelled)
        } catch {
            return .failure(unexpected(error, method, call.logger))
        }
    }

    /// Root may call everything; the gateway, what has a route; an agent, what its contract lets it connect for.
    private func allow(_ peer: Peer, _ about: About, _ logger: Logger) throws {
        guard peer.class == .gateway, about.route == nil else { return }
        logger.warning(
            "refused a method that is not for this peer",
            metadata: ["method": "\(about.method)", "peer": "\(peer.class.rawValue)", "peer_pid": "\(peer.pid)"])
        throw Problem(.forbidden, "\(about.method) can't be called from the network.")
    }

    /// Who has asked for a change is told as a matter of course; reads come by the second.
    private func log(_ about: About, _ call: Call) {
        call.logger.log(
            level: about.effect == .change ? .info : .debug, "called",
            metadata: ["method": "\(about.method)", "peer": "\(call.peer.class.rawValue)"])
    }

    private func unknown(_ method: String) -> Problem {
        Problem(
            .methodUnknown, "There is no method \"\(method.prefix(80))\" here.",
            hint: "rpc.discover lists the methods of this agent.")
    }

    private func unexpected(_ error: any Error, _ method: String, _ logger: Logger) -> Problem {
        let incident = String(UInt64.random(in: .min ... .max), radix: 36)
        logger.error(
            "a method failed unexpectedly",
            metadata: ["method": "\(method)", "incident": "\(incident)", "error": "\(String(reflecting: error))"])
        return Problem(
            .bug, "Something unexpected happened in \(contract.description.name).",
            hint: "Look for incident \(incident) in the log, and report it.", incident: incident)
    }
}

extension Problem {
    public static let cancelled = Problem(.cancelled, "The call was cancelled.")

    static func deadline(_ milliseconds: Int) -> Problem {
        Problem(
            .deadline, "No answer within \(milliseconds) ms.", hint: "Try again, or allow more time.", retryable: true)
    }
}

extension Result where Failure == Problem {
    fileprivate var problemKind: Problem.Kind? {
        guard case .failure(let problem) = self else { return nil }
        return problem.kind
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
