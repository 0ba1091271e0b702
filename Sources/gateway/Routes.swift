import HTTPTypes
import HummingbirdCore
import IPC

typealias Handler = @Sendable (Request, Exchange) async throws -> Response

/// Who answers which path: every path is known in full, so that there is nothing to match and nothing to escape.
struct Routes: Sendable {
    private(set) var table: [String: [HTTPRequest.Method: Handler]] = [:]

    mutating func add(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        table[path, default: [:]][method] = handler
    }

    /// One route for each declared operation that has one.
    mutating func add(_ contracts: [ContractDescription], _ forwarding: Forwarding) {
        for contract in contracts {
            for operation in contract.operations {
                guard let route = operation.about.route else { continue }
                add(route.verb.method, route.path, forwarding.handler(operation, of: contract.name))
            }
        }
    }

    mutating func add(_ files: StaticFiles) {
        for (path, asset) in files.assets { add(.get, path, asset.handler) }
    }

    /// HEAD is answered wherever GET is.
    func find(_ request: Request) throws -> Handler {
        guard let handlers = table[request.uri.path] else { throw unknown(request.uri.path) }
        let method = request.method == .head ? .get : request.method
        guard let handler = handlers[method] else { throw MethodNotAllowed(allowed: Array(handlers.keys)) }
        return handler
    }

    private func unknown(_ path: String) -> Problem {
        Problem(
            .routeUnknown, "There is nothing at \(path.prefix(200)).",
            hint: path.hasPrefix("/api/") ? "GET /api/openapi.json lists what there is." : nil)
    }
}

/// The path is right, the method is not: its own status, because RFC 9110 wants one, with an `Allow`.
struct MethodNotAllowed: Error {
    let allowed: [HTTPRequest.Method]

    var response: Response {
        let names = (allowed.contains(.get) ? allowed + [.head] : allowed).map(\.rawValue).sorted()
        let problem = Problem(
            .routeUnknown, "This path answers \(names.joined(separator: " and ")) only.",
            hint: "GET /api/openapi.json lists what there is.")
        return problem.response(.methodNotAllowed, [.allow: names.joined(separator: ", ")])
    }
}

extension About.Route.Verb {
    var method: HTTPRequest.Method {
        switch self {
        case .get: .get
        case .post: .post
        }
    }
}
