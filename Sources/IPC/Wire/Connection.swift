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
    /// How many bytes of replies wait for others to leave together.
    private static var maxHeld: Int { 64 << 10 }

    /// One request that has come, in the line that it came in.
    private struct Request {
        let message: Result<Envelope.Message, Envelope.Refusal>
        let line: ByteBuffer
        var batch: Batch?
    }

    private let dispatcher: Dispatcher<Agent>
    private let peer: Peer
    private let logger: Logger
    private let executor: EventLoopExecutor
    private var codec = LineCodec(maxLength: LineCodec.maxRequestLength)
    /// The rest of a batch that has begun.
    private var backlog: ArraySlice<Request> = []
    private var calls: [RequestID: PendingCall] = [:]
    private var callCount = 0
    private var running = 0
    private var inputEnded = false
    private var isTaking = false
    private var readWithheld = false
    private var willFlush = false
    /// Replies that have not been written yet.
    private var out = ByteBuffer()

    init(dispatcher: Dispatcher<Agent>, peer: Peer, on loop: any EventLoop, logger: Logger) {
        self.dispatcher = dispatcher
        executor = EventLoopExecutor(loop: loop)
        self.peer = peer
        self.logger = logger
    }

    // MARK: what comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        codec.append(&bytes)
        takeLines(context)
    }

    /// Back-pressure: no more is read or begun while too much runs or too much is unsent.
    private func hasRoom(_ context: ChannelHandlerContext) -> Bool {
        running < Self.maxRunning && context.channel.isWritable
    }

    func read(context: ChannelHandlerContext) {
        if hasRoom(context) { context.read() } else { readWithheld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        takeLines(context)
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

    /// Begins what has come, as far as there is room, and reads on.
    private func takeLines(_ context: ChannelHandlerContext) {
        // A method that ends at once comes back here from within.
        guard !isTaking, context.channel.isActive else { return }
        isTaking = true
        let wouldFlush = willFlush
        defer {
            isTaking = false
            if willFlush, !wouldFlush { flush(context) }
        }
        do {
            while hasRoom(context), let request = try nextRequest(context) { take(request, context) }
        } catch {
            let problem = Problem(
                .requestTooLarge, "A request may have \(LineCodec.maxRequestLength) bytes at most.",
                hint: "The connection is closed: what follows can't be told apart.")
            send(.failure(.null, problem), context)
            flush(context)
            return context.close(promise: nil)
        }
        readOn(context)
        if inputEnded, running == 0, hasRoom(context) { closeWhenSent(context) }
    }

    private func nextRequest(_ context: ChannelHandlerContext) throws(LineCodec.TooLong) -> Request? {
        while backlog.isEmpty, hasRoom(context) {
            guard let line = try codec.next() ?? (inputEnded ? codec.rest() : nil) else { return nil }
            do throws(Envelope.Refusal) {
                switch try Envelope.readLine(line) {
                case .single(let message): return Request(message: message, line: line)
                case .batch(let messages):
                    let batch = Batch(count: messages.count)
                    backlog = messages.map { Request(message: $0, line: line, batch: batch) }[...]
                }
            } catch {
                send(.failure(error.id ?? .null, error.problem), context)
            }
        }
        return backlog.popFirst()
    }

    private func take(_ request: Request, _ context: ChannelHandlerContext) {
        do throws(Envelope.Refusal) {
            guard case .call(let id, let method, let params, let meta) = try request.message.get() else {
                throw Envelope.Refusal(problem: Problem(.requestInvalid, "This is a reply, not a request."))
            }
            if method == "$/cancelRequest" {
                cancel(request.line, params, context)
                settle(request.batch, nil, context)
            } else {
                let params = try parse(params, of: request.line, for: id)
                try start(id, method, params, meta, request.batch, context)
            }
        } catch {
            settle(request.batch, error.id.map { .failure($0, error.problem) }, context)
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
        _ id: RequestID?, _ method: String, _ params: JSON, _ meta: Meta, _ batch: Batch?,
        _ context: ChannelHandlerContext
    ) throws(Envelope.Refusal) {
        if let id, id != .null, calls[id] != nil {
            throw Envelope.Refusal(
                problem: Problem(
                    .requestInvalid, "A call with the id \(id.json) is under way on this connection.",
                    hint: "Give each call an id of its own."),
                id: id)
        }
        let requestId = meta.request ?? RequestName.next()
        callCount += 1
        // Calls without an id of their own may be many at once.
        let pending = PendingCall(
            key: id == .null ? RequestID(json: "by-hand-\(callCount)") : id, replyId: id, batch: batch)
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context, pending), eventLoop: loop)
        var logger = logger
        logger[metadataKey: "request"] = "\(requestId)"
        let call = Call(
            requestId: requestId, peer: peer, op: meta.op,
            deadline: meta.deadlineMs.map { .now + .milliseconds($0) }, logger: logger
        ) { progress in
            if loop.inEventLoop {
                Self.report(progress, bound.value)
            } else {
                loop.execute { Self.report(progress, bound.value) }
            }
        }
        if let key = pending.key { calls[key] = pending } else { settle(batch, nil, context) }
        running += 1
        pending.timer = meta.deadlineMs.map { milliseconds in
            loop.scheduleTask(in: .milliseconds(Int64(milliseconds))) { Self.expire(bound.value, after: milliseconds) }
        }
        // It begins right here; a method that never waits has ended when this returns.
        pending.task = Task.immediate(executorPreference: executor) { [dispatcher] in
            let outcome = await dispatcher.perform(method, params, call)
            bound.value.0.ended(bound.value.2, outcome, bound.value.1)
        }
    }

    private static func expire(_ bound: (Connection, ChannelHandlerContext, PendingCall), after milliseconds: Int) {
        let (connection, context, pending) = bound
        if let key = pending.key { connection.finish(key, .failure(.deadline(milliseconds)), context) }
        pending.task?.cancel()
    }

    private func ended(_ pending: PendingCall, _ outcome: Result<[UInt8], Problem>, _ context: ChannelHandlerContext) {
        running -= 1
        if let key = pending.key { finish(key, outcome, context) }
        pending.timer?.cancel()
        takeLines(context)
    }

    /// Answers the call if it has not been answered yet.
    private func finish(_ key: RequestID, _ outcome: Result<[UInt8], Problem>, _ context: ChannelHandlerContext) {
        guard let pending = calls.removeValue(forKey: key), let id = pending.replyId else { return }
        pending.answered()
        settle(pending.batch, Reply(id: id, body: body(outcome, pending.batch)), context)
    }

    private func body(_ outcome: Result<[UInt8], Problem>, _ batch: Batch?) -> Reply.Body {
        switch outcome {
        case .success(let value) where value.count > LineCodec.maxReplyLength - 1024:
            .failure(Problem(.bug, "The answer is larger than a reply may be."))
        case .success(let value) where batch?.hasRoom(for: value.count) == false:
            .failure(
                Problem(
                    .requestTooLarge, "The answers to this batch are together larger than a reply may be.",
                    hint: "Send this request alone."))
        case .success(let value): .result(ByteBuffer(bytes: value))
        case .failure(let problem): .failure(problem)
        }
    }

    private static func report(_ progress: Progress, _ bound: (Connection, ChannelHandlerContext, PendingCall)) {
        let (connection, context, pending) = bound
        // A client that does not read loses progress, never a result.
        guard let key = pending.key, connection.calls[key] != nil, let id = pending.replyId, context.channel.isWritable
        else { return }
        pending.sequence += 1
        progress.write(of: id, sequence: pending.sequence, to: &connection.out)
        connection.sent(context)
    }

    // MARK: what goes out

    /// Sends a reply, or keeps it until all of its batch are there.
    private func settle(_ batch: Batch?, _ reply: Reply?, _ context: ChannelHandlerContext) {
        if let batch {
            guard let line = batch.settle(reply) else { return }
            out.writeImmutableBuffer(line)
            sent(context)
        } else if let reply {
            send(reply, context)
        }
    }

    private func send(_ reply: Reply, _ context: ChannelHandlerContext) {
        reply.write(to: &out)
        out.writeStaticString("\n")
        sent(context)
    }

    /// Replies that are ready at the same time leave together: a write to a socket costs more than all else here.
    private func sent(_ context: ChannelHandlerContext) {
        if out.readableBytes > Self.maxHeld { write(context) }
        guard !willFlush else { return }
        willFlush = true
        // Whoever takes lines flushes when there are no more.
        if !isTaking { flushSoon(context) }
    }

    private func flushSoon(_ context: ChannelHandlerContext) {
        guard running > 0 else { return flush(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.0.flush(bound.value.1) }
    }

    private func flush(_ context: ChannelHandlerContext) {
        willFlush = false
        write(context)
        context.flush()
    }

    /// From here on it counts as unsent.
    private func write(_ context: ChannelHandlerContext) {
        guard out.readableBytes > 0 else { return }
        context.write(wrapOutboundOut(out), promise: nil)
        out = context.channel.allocator.buffer(capacity: 1024)
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard readWithheld, hasRoom(context) else { return }
        readWithheld = false
        context.read()
    }

    private func closeWhenSent(_ context: ChannelHandlerContext) {
        flush(context)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
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
