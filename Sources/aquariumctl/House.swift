import IPC

/// The contracts that a command line is made of. Every command is generic over it: what can be typed follows from
/// the declarations alone, which a test shows with contracts of its own.
protocol House: SendableMetatype {
    static var contracts: [ContractDescription] { get }
}

enum Appliance: House {
    static var contracts: [ContractDescription] { Contracts.all }
}

extension House {
    /// The agents that have this method: one, unless it is of the kind that every agent has.
    static func agents(with method: String) -> [String] {
        contracts.filter { $0.operations.contains { $0.about.method == method } }.map(\.name)
    }

    /// The agent that a person means: by its own name, or its program's, `orch-agent`.
    static func agent(named text: String) -> String? {
        contracts.map(\.name).first { $0 == text || "\($0)-agent" == text }
    }

    /// The operations by the first part of their method, in the order of their declaration. A method that several
    /// agents have stands there once.
    static var nouns: [(noun: String, operations: [any Operation.Type])] {
        var nouns: [(noun: String, operations: [any Operation.Type])] = []
        for operation in contracts.flatMap(\.operations) {
            let noun = MethodName(operation.about.method).noun
            guard let index = nouns.firstIndex(where: { $0.noun == noun }) else {
                nouns.append((noun, [operation]))
                continue
            }
            guard !nouns[index].operations.contains(where: { $0.about.method == operation.about.method }) else {
                continue
            }
            nouns[index].operations.append(operation)
        }
        return nouns
    }
}

/// A method as it is typed: `bootstrap.clean_up` is `bootstrap clean-up`.
struct MethodName: Equatable {
    let noun: String
    let verb: String

    init(_ method: String) {
        let parts = method.split(separator: ".", maxSplits: 1).map { Self.dashed(String($0)) }
        noun = parts.first ?? method
        verb = parts.count > 1 ? parts[1] : "run"
    }

    /// As options and commands are written.
    static func dashed(_ name: String) -> String {
        String(name.map { $0 == "_" || $0 == "." ? "-" : $0 })
    }
}
