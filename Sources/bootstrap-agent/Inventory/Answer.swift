import FoundationEssentials

/// An answer of a tool, or why there is none.
enum Answer<Value: Sendable & Equatable>: Sendable, Equatable {
    case some(Value)
    /// In words that follow a colon.
    case none(String)

    var value: Value? {
        if case .some(let value) = self { value } else { nil }
    }
}

extension CommandRunner {
    func answer<Value: Decodable>(to query: Query<Value>) async -> Answer<Value> {
        await answer(to: query.command) { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }

    /// Runs a command that is expected to succeed, and reads its standard output.
    func answer<Value>(
        to command: Command, _ parse: (String) throws -> Value
    ) async -> Answer<Value> {
        do {
            let result = try await run(command)
            guard result.isSuccess else {
                let said = result.errorOutput.split(separator: "\n").last ?? result.output.split(separator: "\n").last
                return .none(said.map { String(CephKeys.hidden(in: $0.trimmed).prefix(300)) } ?? "\(command.program) failed")
            }
            return try .some(parse(result.output))
        } catch let failure as CommandFailure {
            return .none(failure.words)
        } catch {
            return .none("\(command.program) said something that can't be understood")
        }
    }
}

extension CommandFailure {
    /// For a person, after "because " or a colon.
    var words: String {
        switch reason {
        case .notStarted: "\(command.program) can't be started"
        case .timedOut: "\(command.program) took longer than \(command.limit.components.seconds) s"
        case .cancelled: "\(command.program) was cancelled"
        case .outputTooLong: "\(command.program) wrote too much"
        }
    }
}
