import IPC
import NIOCore
import NIOHTTP1

/// Hands a request to the agent that it is for. Parameters and result stay the bytes that they are.
struct Forwarding: Sendable {
    let clients: [String: AgentClient]
    let loop: any EventLoop

    func handler<O: Operation>(_ operation: O.Type, of agent: String) -> Route.Handler {
        let about = operation.about
        let schema = Cached { Schema.of(operation) }
        return { request, exchange in
            let params =
                switch about.route?.verb {
                case .get:
                    try QueryParameters.json(of: request.query, schema: schema.value).map {
                        ByteBuffer(bytes: $0.bytes)
                    }
                case .post, nil: request.body.readableBytes == 0 ? nil : try ParamsText.line(request.body)
                }
            let meta = Meta(op: try Self.operationKey(of: request), request: exchange.id)
            let call = call(agent, about, params, meta, within: Self.limit(of: about.method))
            exchange.cancel = call.cancel
            return call.result.map { Response(json: $0) }
        }
    }

    /// On the event loop only.
    /// - Parameter limit: for all tries together.
    func call(
        _ agent: String, _ about: About, _ params: ByteBuffer?, _ meta: Meta, within limit: TimeAmount
    ) -> ForwardedCall {
        let call = ForwardedCall(about, params, meta, within: limit, to: clients[agent], on: loop)
        call.start()
        return call
    }

    /// The same from anywhere.
    func ask(_ agent: String, _ about: About, _ meta: Meta, within limit: TimeAmount) async throws -> ByteBuffer {
        let asked = NIOLoopBoundBox<ForwardedCall?>.makeEmptyBox(valueType: ForwardedCall.self, eventLoop: loop)
        let result = loop.flatSubmit {
            let call = call(agent, about, nil, meta, within: limit)
            asked.value = call
            return call.result
        }
        return try await withTaskCancellationHandler {
            try await result.get()
        } onCancel: {
            loop.execute { asked.value?.cancel() }
        }
    }

    /// What looks at all the disks of a machine, for which ceph-volume alone is given 60 s.
    private static let lookingAtDisks: Set = [
        RequirementsCheck.about.method, BootstrapPlan.about.method, BootstrapStart.about.method,
    ]

    private static func limit(of method: String) -> TimeAmount {
        lookingAtDisks.contains(method) ? .seconds(80) : .seconds(30)
    }

    private static func operationKey(of request: Request) throws(Problem) -> OperationKey? {
        guard let text = request.headers.first(name: "idempotency-key") else { return nil }
        do {
            return try OperationKey(text)
        } catch {
            throw Problem(
                .paramsInvalid, "The Idempotency-Key \"\(text.prefix(80))\" \(error.reason).",
                hint: "Make a new random key, such as a UUID, for each change.", pointer: "/meta/op")
        }
    }
}
