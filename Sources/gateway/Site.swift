import IPC
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Whether the gateway is ending.
final class Ending: Sendable {
    private let flag = Atomic(false)
    var hasBegun: Bool { flag.load(ordering: .relaxed) }
    func begin() { flag.store(true, ordering: .relaxed) }
}

/// What is served and how: whom to let in, who answers, and what stands on every answer.
struct Site: Sendable {
    let routes: Routes
    let logger: Logger
    let ending = Ending()
    private let date: NIOLoopBoundBox<HTTPDate>

    init(routes: Routes, logger: Logger, on loop: any EventLoop) {
        self.routes = routes
        self.logger = logger
        date = .makeBoxSendingValue(HTTPDate(), eventLoop: loop)
    }

    /// The guards in their order. Who asks, and whether their role allows it, will be settled here.
    /// - Throws: a `Problem`, or `MethodNotAllowed`.
    func admit(_ request: Request) throws -> Route {
        try HostCheck.admit(request)
        let route = try routes.find(request)
        try OriginCheck.admit(request)
        return route
    }

    /// The response with what stands on every one; what went wrong becomes one too.
    func complete(_ result: Result<Response, any Error>, _ exchange: Exchange) -> Response {
        var response: Response
        do { response = try result.get() } catch { response = self.response(to: error, exchange) }
        if ending.hasBegun { exchange.isLast = true }
        response.addLength(for: exchange.request.method)
        SecurityHeaders.add(to: &response)
        response.headers.add(name: "X-Request-Id", value: exchange.id)
        response.headers.add(name: "Date", value: date.value.now())
        if exchange.isLast { response.headers.add(name: "Connection", value: "close") }
        return response
    }

    private func response(to error: any Error, _ exchange: Exchange) -> Response {
        switch error {
        case let problem as Problem: return problem.response
        case let refusal as MethodNotAllowed: return refusal.response
        case is CancellationError: return Problem.cancelled.response
        default: return unexpected(error, exchange).response
        }
    }

    private func unexpected(_ error: any Error, _ exchange: Exchange) -> Problem {
        logger.error(
            "a request failed unexpectedly",
            metadata: ["request": "\(exchange.id)", "error": "\(String(reflecting: error))"])
        return Problem(
            .bug, "Something unexpected happened in the gateway.",
            hint: "Look for incident \(exchange.id) in the log, and report it.", incident: exchange.id)
    }

    /// - Parameter status: nil where the client was gone, or too slow to send its body.
    func log(_ exchange: Exchange, _ status: HTTPResponseStatus?) {
        let microseconds = (NIODeadline.now() - exchange.start).nanoseconds / 1000
        let request = exchange.request
        var metadata: Logger.Metadata = [
            "method": "\(request.method.rawValue)", "path": "\(request.path.prefix(200))",
            "duration_ms": "\(Double(microseconds) / 1000)", "request": "\(exchange.id)", "peer": "\(exchange.peer)",
        ]
        guard let status else { return logger.info("not answered", metadata: metadata) }
        metadata["status"] = "\(status.code)"
        logger.info("answered", metadata: metadata)
    }
}

extension Response {
    /// HEAD is told the length that GET would have, and nothing more.
    fileprivate mutating func addLength(for method: HTTPMethod) {
        switch body {
        case .bytes(let bytes): headers.add(name: "Content-Length", value: String(bytes.readableBytes))
        case .none where status.mayHaveResponseBody: headers.add(name: "Content-Length", value: "0")
        case .none, .stream: break
        }
        if method == .HEAD { body = .none }
    }
}
