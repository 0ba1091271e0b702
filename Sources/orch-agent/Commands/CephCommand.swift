import IPC

/// One command of Ceph: its arguments in, its output out. Outputs name only the members that are used, and demand only
/// those without which the answer would be false, because Ceph's outputs gain and lose members between releases.
protocol CephCommand: Sendable {
    associatedtype Output: Decodable & Sendable
    /// The command's words, as in `ceph <prefix>`.
    static var prefix: String { get }
    /// The mgr takes what its modules implement and what needs its statistics; the monitors take the rest.
    static var target: Target { get }
    var arguments: [(String, JSON?)] { get }
}

extension CephCommand {
    var arguments: [(String, JSON?)] { [] }

    /// As Ceph takes it; the same for equal commands.
    var text: String {
        let members: [(String, JSON?)] = [("prefix", .string(Self.prefix)), ("format", "json")]
        return String(decoding: JSON.object(members + arguments).bytes, as: UTF8.self)
    }

    /// Runs the command; blocks.
    func run(on channel: any CommandChannel) throws(OrchFailure) -> Output {
        let answer: [UInt8]
        do {
            answer = try channel.send(Array(text.utf8), to: Self.target)
        } catch {
            throw .refused(command: Self.prefix, error)
        }
        do {
            return try Self.parse(answer)
        } catch {
            throw .notUnderstood(command: Self.prefix, detail: String(reflecting: error))
        }
    }

    static func parse(_ answer: [UInt8]) throws -> Output {
        try WireCoding.decode(Output.self, from: answer)
    }
}
