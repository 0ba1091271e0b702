/// Everything one agent can be told: its operations, each bound to the method of `Agent` that carries it out.
/// A method that is missing from the agent does not compile.
public struct Contract<Agent: Sendable>: Sendable {
    public let description: ContractDescription
    let endpoints: [String: Endpoint<Agent>]

    /// - Parameters:
    ///   - name: the agent's short name; its socket is `<name>.sock`.
    ///   - peers: who may connect besides root.
    public init(_ name: String, peers: Set<Peer.Class>, _ endpoints: [Endpoint<Agent>]) {
        description = ContractDescription(
            name: name, peers: peers.union([.root]), operations: endpoints.map(\.operation))
        self.endpoints = Dictionary(uniqueKeysWithValues: endpoints.map { ($0.operation.about.method, $0) })
    }
}

/// The part of a contract that needs no agent: enough for routes, documents and clients.
public struct ContractDescription: Sendable {
    public let name: String
    public let peers: Set<Peer.Class>
    public let operations: [any Operation.Type]

    public var socketName: String { name + ".sock" }
}

/// One operation and the agent's method that carries it out.
public struct Endpoint<Agent: Sendable>: Sendable {
    let operation: any Operation.Type
    /// Makes the operation of its parameters.
    /// - Throws: `Problem` of kind `params.invalid`.
    let prepare: @Sendable (JSON) throws -> PreparedCall<Agent>

    public typealias Method<O: Operation> = @Sendable (Agent) -> @Sendable (O, Call) async throws -> O.Response

    /// - Parameter resume: goes on with what was asked for under a key and ran when the agent's process before this one
    ///   died, without doing it a second time. Without it whoever asks again is told `op.interrupted`.
    public init<O: Operation>(_ operation: O.Type, _ method: @escaping Method<O>, resume: Method<O>? = nil) {
        self.operation = operation
        let schema = Cached { Schema.of(operation) }
        prepare = { params in
            let decoded = try ParameterDecoder.decode(operation, from: params, schema: schema.value)
            func bound(_ method: @escaping Method<O>) -> PreparedCall<Agent>.Run {
                { agent, call in try WireCoding.encode(await method(agent)(decoded, call)) }
            }
            return PreparedCall(
                params: { try WireCoding.encode(decoded) }, run: bound(method), resume: resume.map(bound))
        }
    }
}

/// A call whose parameters are valid.
struct PreparedCall<Agent: Sendable>: Sendable {
    /// One JSON text for one meaning, whatever the order in which they came.
    let params: @Sendable () throws -> [UInt8]
    let run: Run
    /// Nil where it can't be gone on with.
    let resume: Run?

    typealias Run = @Sendable (Agent, Call) async throws -> [UInt8]
}

/// All contracts of the appliance, for the gateway and the documents.
public enum Contracts {
    public static let all: [ContractDescription] = [
        Bootstrap.contract.description, Orch.contract.description, Supervisor.contract.description,
    ]
}
