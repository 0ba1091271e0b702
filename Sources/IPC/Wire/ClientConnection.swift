import Logging
import NIOCore

/// One connection on the caller's side. Everything here runs on the connection's event loop.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Pending {
        let promise: EventLoopPromise<ByteBuffer>
        let onProgress: (@Sendable (Progress) -> Void)?
    }

    private let logger: Logger
    private var codec = LineCodec(maxLength: LineCodec.maxReplyLength)
    private var pending: [Int: Pending] = [:]
    private var lastId = 0
    private var willFlush = false

    init(logger: Logger) {
        self.logger = logger
    }

    func call(
        _ method: String, _ params: ByteBuffer?, _ meta: Meta, _ onProgress: (@Sendable (Progress) -> Void)?,
        on channel: any Channel
    ) -> (id: Int, result: EventLoopFuture<ByteBuffer>) {
        lastId += 1
        let id = lastId
        let promise = channel.eventLoop.makePromise(of: ByteBuffer.self)
        pending[id] = Pending(promise: promise, onProgress: onProgress)
        channel.write(Self.request(id, method, params, meta, channel.allocator)).whenFailure { _ in
            promise.fail(Self.broken)
        }
        flush(channel)
        return (id, promise.futureResult)
    }

    /// Calls that are made at the same time leave together: a write to a socket costs more than all else here.
    private func flush(_ channel: any Channel) {
        guard pending.count > 1 else { return channel.flush() }
        guard !willFlush else { return }
        willFlush = true
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.execute {
            bound.value.willFlush = false
            channel.flush()
        }
    }

    /// Stops waiting, and tells the agent.
    func giveUp(_ id: Int, _ problem: Problem, on channel: any Channel) {
        guard let call = pending.removeValue(forKey: id) else { return }
        call.promise.fail(problem)
        let line = #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"# + "\n"
        channel.writeAndFlush(ByteBuffer(string: line), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        codec.append(&bytes)
        do {
            while let line = try codec.next() { try take(line) }
        } catch {
            logger.error("an agent sent something that is no reply", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for call in pending.values { call.promise.fail(Self.broken) }
        pending = [:]
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private static let broken = Problem(
        .agentUnavailable, "The part of the appliance that worked on this has gone away.",
        hint: "It is restarted by itself; try again in a moment.", retryable: true)

    private func take(_ line: ByteBuffer) throws {
        switch try Envelope.read(line) {
        case .result(let id, let range):
            answer(id)?.promise.succeed(line.getSlice(at: line.readerIndex + range.lowerBound, length: range.count)!)
        case .failure(let id, let range):
            let bytes = line.readableBytesView[line.readerIndex + range.lowerBound..<line.readerIndex + range.upperBound]
            let problem = try WireCoding.decode(Problem.self, from: bytes)
            if id == .null {
                logger.warning("an agent refused the connection", metadata: ["problem": "\(problem.message)"])
            }
            answer(id)?.promise.fail(problem)
        case .call(_, "$/progress", let params?, _): progress(try line.json(in: params))
        case .call: break
        }
    }

    private func answer(_ id: RequestID) -> Pending? {
        Int(id.json).flatMap { pending.removeValue(forKey: $0) }
    }

    private func progress(_ params: JSON) {
        guard case .integer(let id)? = params["id"], case .string(let step)? = params["step"],
            let onProgress = pending[Int(id)]?.onProgress
        else { return }
        onProgress(Progress(step: step, fraction: params["fraction"]?.double))
    }

    private static func request(
        _ id: Int, _ method: String, _ params: ByteBuffer?, _ meta: Meta, _ allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        var line = allocator.buffer(capacity: 256 + (params?.readableBytes ?? 0))
        line.writeString(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)""#)
        if var params {
            line.writeStaticString(#","params":"#)
            line.writeBuffer(&params)
        }
        line.writeStaticString(#","meta":"#)
        line.writeBytes(meta.json.bytes)
        line.writeStaticString("}\n")
        return line
    }
}

extension Meta {
    var json: JSON {
        .object([
            ("deadline_ms", deadlineMs.map { .integer(Int64($0)) }), ("op", op.map { .string($0.text) }),
            ("request", request.map(JSON.string)),
        ])
    }
}

extension JSON {
    fileprivate var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        case .null, .bool, .string, .array, .members: nil
        }
    }
}
