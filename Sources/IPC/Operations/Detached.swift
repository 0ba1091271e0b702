/// The operations that go on by themselves after they were begun: the same four methods in every agent that has any.
/// They live in the agent's journal, so that anybody may watch one, also after a restart.
public protocol DetachedAPI: Sendable {
    @Sendable func operationsList(_: OperationsList, _: Call) async throws -> OperationsList.Response
    @Sendable func operationsGet(_: OperationsGet, _: Call) async throws -> DetachedOperation
    @Sendable func operationsWatch(_: OperationsWatch, _: Call) async throws -> DetachedOperation
    @Sendable func operationsCancel(_: OperationsCancel, _: Call) async throws -> DetachedOperation
}

public struct DetachedOperation: Codable, Sendable, Equatable {
    public enum State: String, Described, CaseIterable, Sendable { case running, done, failed, cancelled }

    /// The key (`op`) under which it was asked for; where none was given, one that the agent has made.
    public var id: OperationKey
    /// What was called.
    public var method: String
    public var state: State
    /// What goes on right now, in words.
    public var step: String?
    /// 0 to 1; nil when it has ended without its outcome.
    public var fraction: Double?
    public var beganAt: Timestamp
    public var endedAt: Timestamp?
    /// Why it failed.
    public var message: String?
    public var hint: String?

    public init(
        id: OperationKey, method: String, state: State, step: String? = nil, fraction: Double? = nil,
        beganAt: Timestamp, endedAt: Timestamp? = nil, message: String? = nil, hint: String? = nil
    ) {
        self.id = id
        self.method = method
        self.state = state
        self.step = step
        self.fraction = fraction
        self.beganAt = beganAt
        self.endedAt = endedAt
        self.message = message
        self.hint = hint
    }
}

public struct OperationsList: Operation {
    public static let about = About(
        "operations.list", .read, "Lists the operations of the last day that go on by themselves, the oldest first.")
    public init() {}

    public struct Response: Codable, Sendable, Equatable {
        public var operations: [DetachedOperation]
        public init(operations: [DetachedOperation]) { self.operations = operations }
    }
}

public struct OperationsGet: Operation {
    public static let about = About(
        "operations.get", .read, "Tells how far an operation is that goes on by itself.", errors: [.operationUnknown])
    public typealias Response = DetachedOperation
    public var id: OperationKey
    public init(id: OperationKey) { self.id = id }
}

public struct OperationsWatch: Operation {
    public static let about = About(
        "operations.watch", .read, "Follows an operation with progress, and answers when it has ended.",
        errors: [.operationUnknown])
    public typealias Response = DetachedOperation
    public var id: OperationKey
    public init(id: OperationKey) { self.id = id }
}

public struct OperationsCancel: Operation {
    public static let about = About(
        "operations.cancel", .change, "Stops an operation where it is. What it has done so far stays.",
        isDetached: true, role: .admin, errors: [.operationUnknown, .operationEnded, .operationUnstoppable])
    public typealias Response = DetachedOperation
    public var id: OperationKey
    public init(id: OperationKey) { self.id = id }
}
