/// One thing an agent can be told to do. The conforming struct *is* the parameters; its static members are the
/// whole declaration, from which dispatch, typed calls, the gateway's route, OpenAPI and OpenRPC follow.
public protocol Operation: Codable, Sendable {
    associatedtype Response: Codable & Sendable
    static var about: About { get }
}

/// What a declaration says of its operation besides parameters and result.
public struct About: Sendable {
    /// The JSON-RPC method, `noun.verb`.
    public let method: String
    /// One sentence for a person, ending in a full stop.
    public let summary: String
    public let effect: Effect
    /// A change that goes on by itself after its answer. It lives in its agent's own journal, which also sees to it that
    /// a key never begins it twice: a repeated call is answered with how far it is.
    public let isDetached: Bool
    /// The least role a user needs. Roles come with accounts; until then every user is an `admin`.
    public let role: Role
    /// The gateway's route. Nil: not for the network; only root and the agents may call it.
    public let route: Route?
    /// The kinds of problem of its own, besides those that any call can meet.
    public let errors: [Problem.Kind]

    public init(
        _ method: String, _ effect: Effect, _ summary: String, isDetached: Bool = false, role: Role = .viewer,
        route: Route? = nil, errors: [Problem.Kind] = []
    ) {
        self.method = method
        self.summary = summary
        self.effect = effect
        self.isDetached = isDetached
        self.role = role
        self.route = route
        self.errors = errors
    }

    public enum Effect: String, Sendable {
        /// Changes nothing: may be repeated at will.
        case read
        /// Changes something: repeated safely only under the same `op`.
        case change
    }

    public enum Role: String, Sendable, CaseIterable { case viewer, admin }

    public struct Route: Sendable, Hashable {
        public enum Verb: String, Sendable { case get = "GET", post = "POST" }
        public let verb: Verb
        public let path: String

        public static func get(_ path: String) -> Route { Route(verb: .get, path: path) }
        public static func post(_ path: String) -> Route { Route(verb: .post, path: path) }
    }
}
