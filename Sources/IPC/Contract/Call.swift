import Logging

/// What a method knows of the call it serves, besides its parameters.
public struct Call: Sendable {
    /// Follows one request through the log lines of every process it passes.
    public let requestId: String
    public let peer: Peer
    /// The caller's idempotency key for a changing operation.
    public let op: OperationKey?
    /// When the caller stops waiting; the server answers `deadline` then and cancels the method's task.
    public let deadline: ContinuousClock.Instant?
    public let logger: Logger
    private let report: @Sendable (Progress) -> Void

    public init(
        requestId: String, peer: Peer, op: OperationKey? = nil, deadline: ContinuousClock.Instant? = nil,
        logger: Logger, report: @escaping @Sendable (Progress) -> Void = { _ in }
    ) {
        self.requestId = requestId
        self.peer = peer
        self.op = op
        self.deadline = deadline
        self.logger = logger
        self.report = report
    }

    /// Tells the caller how far the operation is.
    /// - Parameter fraction: 0 to 1; nil when it can't be told.
    public func progress(_ step: String, fraction: Double? = nil) {
        report(Progress(step: step, fraction: fraction))
    }
}

/// One `$/progress` notification.
public struct Progress: Codable, Sendable, Equatable {
    public var step: String
    public var fraction: Double?

    public init(step: String, fraction: Double?) {
        self.step = step
        self.fraction = fraction
    }
}

/// What a caller sends beside the parameters, as the `meta` member. A user's session token will be carried here
/// as `auth` when there are accounts.
public struct Meta: Codable, Sendable, Equatable {
    /// Milliseconds from now.
    public var deadlineMs: Int?
    public var op: OperationKey?
    /// The request id, where one was given on the way.
    public var request: String?

    public init(deadlineMs: Int? = nil, op: OperationKey? = nil, request: String? = nil) {
        self.deadlineMs = deadlineMs
        self.op = op
        self.request = request
    }
}
