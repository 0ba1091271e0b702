import IPC
import NIOCore
import NIOHTTP1

/// Who answers a path.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, Exchange) throws -> EventLoopFuture<Response>

    let takesBody: Bool
    let handler: Handler
}

/// Who answers which path: every path is known in full, so that there is nothing to match and nothing to escape.
struct Routes: Sendable {
    private(set) var table: [String: [About.Route.Verb: Route]] = [:]

    mutating func add(_ verb: About.Route.Verb, _ path: String, _ handler: @escaping Route.Handler) {
        table[path, default: [:]][verb] = Route(takesBody: verb == .post, handler: handler)
    }

    /// One route for each declared operation that has one.
    mutating func add(_ contracts: [ContractDescription], _ forwarding: Forwarding) {
        for contract in contracts {
            for operation in contract.operations {
                guard let route = operation.about.route else { continue }
                add(route.verb, route.path, forwarding.handler(operation, of: contract.name))
            }
        }
    }

    mutating func add(_ files: StaticFiles) {
        for (path, asset) in files.assets { add(.get, path, asset.handler) }
    }

    /// HEAD is answered wherever GET is.
    /// - Throws: `route.unknown`, or `MethodNotAllowed`.
    func find(_ request: Request) throws -> Route {
        guard let routes = table[request.path] else { throw unknown(request.path) }
        guard let route = About.Route.Verb(request.method).flatMap({ routes[$0] }) else {
            throw MethodNotAllowed(allowed: Array(routes.keys))
        }
        return route
    }

    private func unknown(_ path: String) -> Problem {
        Problem(
            .routeUnknown, "There is nothing at \(path.prefix(200)).",
            hint: path.hasPrefix("/api/") ? "GET /api/openapi.json lists what there is." : nil)
    }
}

/// The path is right, the method is not: its own status, because RFC 9110 wants one, with an `Allow`.
struct MethodNotAllowed: Error {
    let allowed: [About.Route.Verb]

    var response: Response {
        let names = allowed.flatMap { $0 == .get ? ["GET", "HEAD"] : ["POST"] }.sorted()
        let problem = Problem(
            .routeUnknown, "This path answers \(names.joined(separator: " and ")) only.",
            hint: "GET /api/openapi.json lists what there is.")
        return problem.response(.methodNotAllowed, ["Allow": names.joined(separator: ", ")])
    }
}

extension About.Route.Verb {
    init?(_ method: HTTPMethod) {
        switch method {
        case .GET, .HEAD: self = .get
        case .POST: self = .post
        default: return nil
        }
    }
}
