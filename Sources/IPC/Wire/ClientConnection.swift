import Logging
import NIOCore

/// One connection on the caller's side. Everything here runs on the connection's event loop.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let channel: any Channel
    private let logger: Logger
    private var codec = LineCodec(maxLength: LineCodec.maxReplyLength)
    private var pending: [Int: AgentCall] = [:]
    private var lastId = 0
    /// What is to be written at the end of this turn of the loop.
    private var unwritten = ByteBuffer()
    private var isLookingForExpired = false
    /// What the agent said last, where that was of the connection and not of a call.
    private var refusal: Problem?

    /// How late a call that gets no answer is found.
    private static let expiryCheck = TimeAmount.milliseconds(250)
    /// More than this is written at once, not copied together with what else there is.
    private static let large = 64 << 10

    init(logger: Logger, on channel: any Channel) {
        self.logger = logger
        self.channel = channel
    }

    var isActive: Bool { channel.isActive }

    func send(_ call: AgentCall) {
        guard channel.isWritable else { return call.finish(.failure(Self.overloaded)) }
        lastId += 1
        pending[lastId] = call
        call.wasSent(as: lastId, on: self)
        write { $0.writeRequest(lastId, call) }
        expireLater()
    }

    /// Tells the agent that nobody waits for this any more.
    func giveUp(_ id: Int) {
        guard pending.removeValue(forKey: id) != nil else { return }
        write { $0.writeString(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"# + "\n") }
    }

    /// Lines that are made in one turn of the loop leave together: a write to a socket costs more than all else here.
    private func write(_ append: (inout ByteBuffer) -> Void) {
        let isFirst = unwritten.readableBytes == 0
        if isFirst { unwritten = channel.allocator.buffer(capacity: 512) }
        append(&unwritten)
        if unwritten.readableBytes > Self.large { return flush() }
        guard isFirst else { return }
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.execute { bound.value.flush() }
    }

    private func flush() {
        guard unwritten.readableBytes > 0 else { return }
        let bytes = unwritten
        unwritten = ByteBuffer()
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// One timer for all: one for each call would cost more than the call.
    private func expireLater() {
        guard !isLookingForExpired else { return }
        isLookingForExpired = true
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.scheduleTask(in: Self.expiryCheck) { bound.value.expire() }
    }

    private func expire() {
        isLookingForExpired = false
        let now = NIODeadline.now()
        for call in pending.values where call.expires <= now { call.expire() }
        if !pending.isEmpty { expireLater() }
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
        let calls = pending.values
        pending = [:]
        for call in calls { call.finish(.failure(refusal ?? Self.broken)) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private static let broken = Problem(
        .agentUnavailable, "The part of the appliance that worked on this has gone away.",
        hint: "It is restarted by itself; try again in a moment.", retryable: true)

    private static let overloaded = Problem(
        .busy, "This part of the appliance has more to do than it can take.", hint: "Try again in a moment.",
        retryable: true)

    private func take(_ line: ByteBuffer) throws {
        refusal = nil
        switch try Envelope.read(line) {
        case .result(let id, let range):
            let result = line.getSlice(at: line.readerIndex + range.lowerBound, length: range.count)!
            answered(id)?.finish(.success(result))
        case .failure(let id, let range):
            let bytes = line.readableBytesView[line.readerIndex + range.lowerBound..<line.readerIndex + range.upperBound]
            let problem = try WireCoding.decode(Problem.self, from: bytes)
            if id == .null {
                logger.warning("an agent refused the connection", metadata: ["problem": "\(problem.message)"])
                refusal = problem
            }
            answered(id)?.finish(.failure(problem))
        case .call(_, "$/progress", let params?, _): progress(try line.json(in: params))
        case .call: break
        }
    }

    private func answered(_ id: RequestID) -> AgentCall? {
        Int(id.json).flatMap { pending.removeValue(forKey: $0) }
    }

    private func progress(_ params: JSON) {
        guard case .integer(let id)? = params["id"], case .string(let step)? = params["step"],
            let onProgress = pending[Int(id)]?.onProgress
        else { return }
        onProgress(Progress(step: step, fraction: params["fraction"]?.double))
    }
}

extension ByteBuffer {
    fileprivate mutating func writeRequest(_ id: Int, _ call: AgentCall) {
        writeStaticString(#"{"jsonrpc":"2.0","id":"#)
        writeString(String(id))
        writeStaticString(#","method":""#)
        writeString(call.method)
        if let params = call.params {
            writeStaticString(#"","params":"#)
            writeImmutableBuffer(params)
            writeStaticString(#","meta":{"deadline_ms":"#)
        } else {
            writeStaticString(#"","meta":{"deadline_ms":"#)
        }
        writeString(String(call.deadlineMs))
        if let op = call.op {
            writeStaticString(#","op":""#)
            writeString(op.text)
            writeStaticString("\"")
        }
        if let request = call.request {
            writeStaticString(#","request":"#)
            writeBytes(JSON.string(request).bytes)
        }
        writeStaticString("}}\n")
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
