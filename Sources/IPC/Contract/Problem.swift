/// The one shape of failure that crosses a socket.
public struct Problem: Error, Sendable, Equatable {
    public var kind: Kind
    /// What happened and why, for a person.
    public var message: String
    /// What to do about it.
    public var hint: String?
    /// Whether the same call may succeed later without anybody changing anything.
    public var retryable: Bool
    /// JSON pointer to the parameter to blame, e.g. `/disks/0`.
    public var pointer: String?
    /// The id under which the log has the details of something unexpected.
    public var incident: String?

    public init(
        _ kind: Kind, _ message: String, hint: String? = nil, retryable: Bool = false, pointer: String? = nil,
        incident: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.retryable = retryable
        self.pointer = pointer
        self.incident = incident
    }
}

/// Thrown by a change that was refused before it was begun. Nothing came of it that could be told to who asks again: a key
/// that it came under is as good as new.
public struct NotBegun: Error {
    public let problem: Problem
    public init(_ problem: Problem) { self.problem = problem }
}

extension Problem {
    public static let opConflict = Problem(
        .opConflict, "The same operation key was used before for another request.",
        hint: "Use a new key for a new request.", pointer: "/meta/op")

    /// Released strings, `noun.condition`, each with one fixed code. Never renamed, never reused.
    public enum Kind: Hashable, Sendable, CaseIterable {
        case parse, requestInvalid, methodUnknown, paramsInvalid, bug
        case requestTooLarge, busy, deadline, cancelled, peerRefused, forbidden
        case agentUnavailable, agentCrashLoop, opConflict, opInterrupted, stateUnwritable
        case operationUnknown, operationEnded, operationUnstoppable
        case routeUnknown, contentTypeUnsupported
        case clusterAbsent, clusterUnreachable, mgrUnavailable, clusterRefused
        case bootstrapRunning, bootstrapDone, bootstrapNotFailed, requirementBlocking, diskMoved, diskUnusable
        case stepFailed
        case childUnknown
        /// A kind that a newer peer sent: kept as a failure, its name lost.
        case unknown
    }
}

extension Problem.Kind: RawRepresentable {
    public var rawValue: String { entry.name }
    public var code: Int { entry.code }

    public init?(rawValue: String) {
        self = Self.byName[rawValue] ?? .unknown
    }

    public init(code: Int) {
        self = Self.allCases.first { $0.code == code } ?? .unknown
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    private var entry: (name: String, code: Int) {
        switch self {
        case .parse: ("request.malformed", -32700)
        case .requestInvalid: ("request.invalid", -32600)
        case .methodUnknown: ("method.unknown", -32601)
        case .paramsInvalid: ("params.invalid", -32602)
        case .bug: ("bug", -32603)
        case .requestTooLarge: ("request.too_large", -32001)
        case .busy: ("busy", -32002)
        case .deadline: ("deadline", -32003)
        case .cancelled: ("cancelled", -32004)
        case .peerRefused: ("peer.refused", -32005)
        case .forbidden: ("forbidden", -32006)
        case .agentUnavailable: ("agent.unavailable", -32007)
        case .agentCrashLoop: ("agent.crash_loop", -32008)
        case .opConflict: ("op.conflict", -32009)
        case .routeUnknown: ("route.unknown", -32010)
        case .contentTypeUnsupported: ("content_type.unsupported", -32011)
        case .opInterrupted: ("op.interrupted", -32012)
        case .stateUnwritable: ("state.unwritable", -32013)
        case .operationUnknown: ("operation.unknown", -32014)
        case .operationEnded: ("operation.ended", -32015)
        case .operationUnstoppable: ("operation.unstoppable", -32016)
        case .clusterAbsent: ("cluster.absent", -32020)
        case .clusterUnreachable: ("cluster.unreachable", -32021)
        case .mgrUnavailable: ("mgr.unavailable", -32022)
        case .clusterRefused: ("cluster.refused", -32023)
        case .bootstrapRunning: ("bootstrap.running", -32040)
        case .bootstrapDone: ("bootstrap.done", -32041)
        case .bootstrapNotFailed: ("bootstrap.not_failed", -32042)
        case .requirementBlocking: ("requirement.blocking", -32043)
        case .diskMoved: ("disk.moved", -32044)
        case .diskUnusable: ("disk.unusable", -32045)
        case .stepFailed: ("step.failed", -32046)
        case .childUnknown: ("child.unknown", -32060)
        case .unknown: ("unknown", -32099)
        }
    }
}

/// As the `error` member of a JSON-RPC reply: `{"code", "message", "data": {"kind", "hint", …}}`.
extension Problem: Codable {
    private enum Key: String, CodingKey { case code, message, data }
    private struct Data: Codable {
        var kind: String
        var hint: String?
        var retryable: Bool
        var pointer: String?
        var incident: String?
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let message = try container.decode(String.self, forKey: .message)
        guard let data = try container.decodeIfPresent(Data.self, forKey: .data) else {
            self.init(Kind(code: try container.decode(Int.self, forKey: .code)), message)
            return
        }
        self.init(
            Kind(rawValue: data.kind) ?? .unknown, message, hint: data.hint, retryable: data.retryable,
            pointer: data.pointer, incident: data.incident)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind.code, forKey: .code)
        try container.encode(message, forKey: .message)
        try container.encode(
            Data(kind: kind.rawValue, hint: hint, retryable: retryable, pointer: pointer, incident: incident),
            forKey: .data)
    }
}
