import Logging
import NIOCore

/// One client's connection on the agent's side. Everything here runs on the connection's event loop; the methods
/// run in tasks that prefer the same loop, and come back to it with their result.
final class Connection<Agent: Sendable>: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Methods that may run at once for one connection; the reader waits beyond that.
    static var maxRunning: Int { 32 }

    private let dispatcher: Dispatcher<Agent>
    private let peer: Peer
    private let logger: Logger
    private var codec = LineCodec(maxLength: LineCodec.maxRequestLength)
    private var calls: [RequestID: PendingCall] = [:]
    private var callCount = 0
    private var running = 0
    private var inputEnded = false
    private var readWithheld = false
    private var willFlush = false

    init(dispatcher: Dispatcher<Agent>, peer: Peer, logger: Logger) {
        self.dispatcher = dispatcher
        self.peer = peer
        self.logger = logger
    }

    // MARK: what comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        codec.append(&bytes)
        takeLines(context)
    }

    /// Back-pressure: no more is read while too much runs or too much is unsent.
    func read(context: ChannelHandlerContext) {
        if running < Self.maxRunning, context.channel.isWritable {
            context.read()
        } else {
            readWithheld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readOn(context)
        context.fireChannelWritabilityChanged()
    }

    /// Half-close: no more requests will come, but those that came are answered.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        inputEnded = true
        takeLines(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        for call in calls.values { call.abandon() }
        calls = [:]
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("a connection broke", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    private func takeLines(_ context: ChannelHandlerContext) {
        do {
            while running < Self.maxRunning, let line = try codec.next() { take(line, context) }
            if inputEnded, running < Self.maxRunning {
                if let line = codec.rest() { take(line, context) }
                closeIfDone(context)
            }
        } catch {
            let problem = Problem(
                .requestTooLarge, "A request may have \(LineCodec.maxRequestLength) bytes at most.",
                hint: "The connection is closed: what follows can't be told apart.")
            context.writeAndFlush(wrapOutboundOut(Reply.failure(.null, problem, context.channel.allocator)), promise: nil)
            context.close(promise: nil)
        }
    }

    private func take(_ line: ByteBuffer, _ context: ChannelHandlerContext) {
        do throws(Envelope.Refusal) {
            guard case .call(let id, let method, let params, let meta) = try Envelope.read(line) else {
                throw Envelope.Refusal(problem: Problem(.requestInvalid, "This is a reply, not a request."))
            }
            if method == "$/cancelRequest" { return cancel(line, params, context) }
            start(id, method, try parse(params, of: line, for: id), meta, context)
        } catch {
            send(Reply.failure(error.id, error.problem, context.channel.allocator), context)
        }
    }

    private func parse(
        _ params: Range<Int>?, of line: ByteBuffer, for id: RequestID?
    ) throws(Envelope.Refusal) -> JSON {
        guard let params else { return [:] }
        do throws(JSONScanner.Malformed) {
            return try line.json(in: params)
        } catch {
            let problem = Problem(.parse, "The params can't be read: \(error.reason) (byte \(error.offset)).")
            throw Envelope.Refusal(problem: problem, id: id ?? .null)
        }
    }

    private func cancel(_ line: ByteBuffer, _ params: Range<Int>?, _ context: ChannelHandlerContext) {
        guard let params, let id = try? line.json(in: params)["id"] else { return }
        finish(RequestID(json: String(decoding: id.bytes, as: UTF8.self)), .failure(.cancelled), context)
    }

    // MARK: calls

    private func start(
        _ id: RequestID?, _ method: String, _ params: JSON, _ meta: Meta, _ context: ChannelHandlerContext
    ) {
        if let id, id != .null, calls[id] != nil {
            let problem = Problem(.requestInvalid, "A call with the id \(id.json) is under way on this connection.")
            return send(Reply.failure(id, problem, context.channel.allocator), context)
        }
        let requestId = meta.request ?? RequestName.next()
        callCount += 1
        // Calls without an id of their own may be many at once.
        let pending = PendingCall(key: id == .null ? RequestID(json: "by-hand-\(callCount)") : id, replyId: id)
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context, pending), eventLoop: loop)
        var logger = logger
        logger[metadataKey: "request"] = "\(requestId)"
        let call = Call(
            requestId: requestId, peer: peer, op: meta.op,
            deadline: meta.deadlineMs.map { .now + .milliseconds($0) }, logger: logger
        ) { progress in
            loop.execute { Self.report(progress, bound.value) }
        }
        if let key = pending.key { calls[key] = pending }
        running += 1
        pending.task = Task(executorPreference: EventLoopExecutor(loop: loop)) { [dispatcher] in
            let outcome = await dispatcher.perform(method, params, call)
            loop.execute { bound.value.0.ended(bound.value.2, outcome, bound.value.1) }
        }
        guard let milliseconds = meta.deadlineMs else { return }
        pending.timer = loop.scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            let (connection, context, pending) = bound.value
            if let key = pending.key { connection.finish(key, .failure(.deadline(milliseconds)), context) }
            pending.task?.cancel()
        }
    }

    private func ended(_ pending: PendingCall, _ outcome: Result<[UInt8], Problem>, _ context: ChannelHandlerContext) {
        running -= 1
        if let key = pending.key { finish(key, outcome, context) }
        pending.timer?.cancel()
        guard context.channel.isActive else { return }
        takeLines(context)
        readOn(context)
        closeIfDone(context)
    }

    /// Answers the call if it has not been answered yet: a call gets exactly one reply.
    private func finish(_ key: RequestID, _ outcome: Result<[UInt8], Problem>, _ context: ChannelHandlerContext) {
        guard let pending = calls.removeValue(forKey: key), let id = pending.replyId else { return }
        pending.abandon()
        let allocator = context.channel.allocator
        switch outcome {
        case .success(let value) where value.count > LineCodec.maxReplyLength - 1024:
            send(Reply.failure(id, Problem(.bug, "The answer is larger than a reply may be."), allocator), context)
        case .success(let value): send(Reply.result(id, value, allocator), context)
        case .failure(let problem): send(Reply.failure(id, problem, allocator), context)
        }
    }

    private static func report(_ progress: Progress, _ bound: (Connection, ChannelHandlerContext, PendingCall)) {
        let (connection, context, pending) = bound
        // A client that does not read loses progress, never a result.
        guard let key = pending.key, connection.calls[key] != nil, let id = pending.replyId, context.channel.isWritable
        else { return }
        pending.sequence += 1
        connection.send(
            Reply.progress(id, progress, sequence: pending.sequence, context.channel.allocator), context)
    }

    // MARK: what goes out

    /// Replies that are ready at the same time leave together: a write to a socket costs more than all else here.
    private func send(_ line: ByteBuffer, _ context: ChannelHandlerContext) {
        guard running > 0 else { return context.writeAndFlush(wrapOutboundOut(line), promise: nil) }
        context.write(wrapOutboundOut(line), promise: nil)
        guard !willFlush else { return }
        willFlush = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            bound.value.0.willFlush = false
            bound.value.1.flush()
        }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard readWithheld, running < Self.maxRunning, context.channel.isWritable else { return }
        readWithheld = false
        context.read()
    }

    private func closeIfDone(_ context: ChannelHandlerContext) {
        guard inputEnded, running == 0 else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

/// A call between its line and its reply.
private final class PendingCall {
    /// Nil for a notification, which is never answered.
    let key: RequestID?
    let replyId: RequestID?
    var task: Task<Void, Never>?
    var timer: Scheduled<Void>?
    var sequence = 0

    init(key: RequestID?, replyId: RequestID?) {
        self.key = key
        self.replyId = replyId
    }

    func abandon() {
        timer?.cancel()
        task?.cancel()
    }
}

extension ByteBuffer {
    /// The value at a place that `Envelope` has found.
    /// - Throws: for a number that no `Double` holds; the rest of the grammar is known to be right.
    func json(in range: Range<Int>) throws(JSONScanner.Malformed) -> JSON {
        try withUnsafeReadableBytesTyped { bytes throws(JSONScanner.Malformed) in
            try JSONText.parse(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }
}
