import Glibc
import HTTPTypes
import HummingbirdCore
import IPC
import Logging
import NIOCore
import Synchronization

/// What a handler knows of the request besides the request itself.
final class Exchange: Sendable {
    /// Follows the request through the log of every process it passes.
    let id: String
    /// The client's address.
    let peer: String
    let loop: any EventLoop
    private let channel: any Channel
    private let isBodyLeft: Atomic<Bool>

    init(_ request: Request, _ channel: any Channel) {
        let given = request.headers[.xRequestID]
        id = given.flatMap { Self.isValid($0) ? $0 : nil } ?? RequestName.next()
        peer = channel.remoteAddress?.ipAddress ?? "unknown"
        loop = channel.eventLoop
        self.channel = channel
        let isBodyAnnounced =
            request.headers[.transferEncoding] != nil || ![nil, "0"].contains(request.headers[.contentLength])
        isBodyLeft = Atomic(isBodyAnnounced)
    }

    /// Whether the request has a body that nobody has read.
    var leavesBody: Bool { isBodyLeft.load(ordering: .relaxed) }

    /// The body was read to its end.
    func tookBody() { isBodyLeft.store(false, ordering: .relaxed) }

    /// Closes the connection when its answer is written.
    func isLast() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

    func disconnect() { channel.close(promise: nil) }

    /// Ends the connection after an answer that was given before all of the request had come: the rest is taken and
    /// dropped for a while, for else a client would be reset before it has read the answer.
    func linger() {
        channel.close(mode: .output, promise: nil)
        loop.scheduleTask(in: .seconds(2)) { [self] in disconnect() }
    }

    private static func isValid(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// Whether the gateway is ending.
final class Ending: Sendable {
    private let flag = Atomic(false)
    var hasBegun: Bool { flag.load(ordering: .relaxed) }
    func begin() { flag.store(true, ordering: .relaxed) }
}

/// From a request to its answer: every request comes through `answer`.
struct Site: Sendable {
    let routes: Routes
    let logger: Logger
    let ending = Ending()

    func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        // A client that sends its requests without reading the answers would keep the event loop to itself.
        await Task.yield()
        let start = ContinuousClock.now
        let exchange = Exchange(request, channel)
        var response = await respond(request, exchange)
        SecurityHeaders.add(to: &response, for: request)
        response.headers[.xRequestID] = exchange.id
        response.headers[.date] = HTTPDate.now
        let leavesBody = exchange.leavesBody
        let isLast = ending.hasBegun
        if leavesBody || isLast { response.headers[.connection] = "close" }
        if isLast { exchange.isLast() }
        defer { log(request, response.status, exchange, since: start) }
        try await writer.write(response: response.head, body: response.body)
        if leavesBody { exchange.linger() }
    }

    private func respond(_ request: Request, _ exchange: Exchange) async -> Response {
        do {
            let response = try await settle(request, exchange)
            return request.method == .head ? response.createHeadResponse() : response
        } catch let problem as Problem {
            return problem.response
        } catch let refusal as MethodNotAllowed {
            return refusal.response
        } catch is CancellationError {
            return Problem.cancelled.response
        } catch {
            return unexpected(error, exchange).response
        }
    }

    /// The guards in their order, then the handler.
    private func settle(_ request: Request, _ exchange: Exchange) async throws -> Response {
        try HostCheck.admit(request)
        let handler = try routes.find(request)
        try OriginCheck.admit(request)
        // Who asks, and whether their role allows it, will be settled here.
        return try await handler(request, exchange)
    }

    private func unexpected(_ error: any Error, _ exchange: Exchange) -> Problem {
        logger.error(
            "a request failed unexpectedly",
            metadata: ["request": "\(exchange.id)", "error": "\(String(reflecting: error))"])
        return Problem(
            .bug, "Something unexpected happened in the gateway.",
            hint: "Look for incident \(exchange.id) in the log, and report it.", incident: exchange.id)
    }

    private func log(
        _ request: Request, _ status: HTTPResponse.Status, _ exchange: Exchange, since start: ContinuousClock.Instant
    ) {
        let microseconds = Int((ContinuousClock.now - start) / .microseconds(1))
        logger.info(
            "answered",
            metadata: [
                "method": "\(request.method.rawValue)", "path": "\(request.uri.path.prefix(200))",
                "status": "\(status.code)", "duration_ms": "\(Double(microseconds) / 1000)",
                "request": "\(exchange.id)", "peer": "\(exchange.peer)",
            ])
    }
}

enum HTTPDate {
    /// RFC 9110's IMF-fixdate.
    static var now: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            let length = strftime(buffer.baseAddress!, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}

extension HTTPField.Name {
    static let xRequestID = HTTPField.Name("X-Request-Id")!
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
}
