import HTTPTypes
import HummingbirdCore
import IPC
import NIOCore

/// Hands a request to the agent that it is for. Parameters and result stay the bytes that they are.
struct Forwarding: Sendable {
    let clients: [String: AgentClient]

    /// The largest body that is read. An agent takes lines of 1 MiB, and the body shares its line with the method and
    /// the meta: one byte too many costs the connection, with everybody's calls on it.
    static let maxBody = (1 << 20) - 4096
    /// How long a client may take to send it.
    private static let bodyTimeout = TimeAmount.seconds(30)
    /// Before each further try, when the agent went away: it is restarted within the first of them, and its socket,
    /// which is the supervisor's, takes the call in the meantime.
    private static let pauses: [Duration] = [.milliseconds(50), .milliseconds(200), .milliseconds(800)]

    func handler<O: Operation>(_ operation: O.Type, of agent: String) -> Handler {
        let about = operation.about
        let schema = Schema.of(operation)
        return { request, exchange in
            let params =
                switch about.route?.verb {
                case .get: try QueryParameters.json(of: request.uri, schema: schema).map { ByteBuffer(bytes: $0.bytes) }
                case .post, nil: try await Self.body(of: request, exchange)
                }
            let meta = Meta(op: try Self.operationKey(of: request), request: exchange.id)
            let result = try await call(agent, about, params, meta, within: Self.limit(of: about.method))
            return Response(
                status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: result))
        }
    }

    /// Calls again when the agent went away, if that can't carry anything out twice.
    /// - Parameter limit: for all tries together.
    func call(
        _ agent: String, _ about: About, _ params: ByteBuffer?, _ meta: Meta, within limit: Duration
    ) async throws -> ByteBuffer {
        guard let client = clients[agent] else {
            throw Problem(.agentUnavailable, "This appliance has no \(agent)-agent.")
        }
        let isRepeatable = about.effect == .read || meta.op != nil
        var pauses = isRepeatable ? Self.pauses[...] : []
        let end = ContinuousClock.now + limit
        var meta = meta
        while true {
            do {
                meta.deadlineMs = max(Int((end - .now) / .milliseconds(1)), 1)
                return try await client.forward(method: about.method, params: params, meta: meta)
            } catch {
                guard error.kind == .agentUnavailable, let pause = pauses.popFirst(), pause < end - .now else {
                    throw error
                }
                try await Task.sleep(for: pause)
            }
        }
    }

    /// What looks at all the disks of a machine, for which ceph-volume alone is given 60 s.
    private static let lookingAtDisks: Set = [
        RequirementsCheck.about.method, BootstrapPlan.about.method, BootstrapStart.about.method,
    ]

    private static func limit(of method: String) -> Duration {
        lookingAtDisks.contains(method) ? .seconds(80) : .seconds(30)
    }

    private static func operationKey(of request: Request) throws(Problem) -> OperationKey? {
        guard let text = request.headers[.idempotencyKey] else { return nil }
        do {
            return try OperationKey(text)
        } catch {
            throw Problem(
                .paramsInvalid, "The Idempotency-Key \"\(text.prefix(80))\" \(error.reason).",
                hint: "Make a new random key, such as a UUID, for each change.", pointer: "/meta/op")
        }
    }

    /// - Returns: nil for no body at all, which is as good as an empty object.
    private static func body(of request: Request, _ exchange: Exchange) async throws -> ByteBuffer? {
        let tooLarge = Problem(.requestTooLarge, "A body may have \(maxBody) bytes at most.")
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maxBody { throw tooLarge }
        let timeout = exchange.loop.scheduleTask(in: bodyTimeout) { exchange.disconnect() }
        defer { timeout.cancel() }
        do {
            let body = try await request.body.collect(upTo: maxBody)
            exchange.tookBody()
            return body.readableBytes == 0 ? nil : try ParamsText.line(body)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }
}
