import Logging
import NIOCore

/// One client's connection on the agent's side. Everything here runs on the connection's event loop; the methods
/// run in tasks that prefer the same loop, and come back to it with their result.
final class Connection<Agent: Sendable>: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Calls that may be under way at once for one connection; the others wait.
    static var maxCalls: Int { 32 }
    /// Methods that may run at once, with those that take no notice of being cancelled.
    private static var maxRunning: Int { 256 }
    /// How many bytes of replies wait for others to leave together.
    private static var maxHeld: Int { 64 << 10 }

    /// One request that has come, in the line that it came in.
    private struct Request {
        let message: Result<Envelope.Message, Envelope.Refusal>
        let line: ByteBuffer
        var batch: Batch?

        /// Of a call; nil for whatever else.
        var call: (id: RequestID?, method: String)? {
            guard case .success(.call(let id, let method, _, _)) = message else { return nil }
            return (id, method)
        }
    }

    private let dispatcher: Dispatcher<Agent>
    private let peer: Peer
    private let logger: Logger
    private let executor: EventLoopExecutor
    private var codec = LineCodec(maxLength: LineCodec.maxRequestLength)
    /// What has come and could not be begun yet.
    private var backlog: ArraySlice<Request> = []
    /// Those that have not been answered.
    private var calls: [RequestID: PendingCall] = [:]
    private var callCount = 0
    /// How many methods run, also for calls that were answered at their deadline or cancelled.
    private var running = 0
    private var inputEnded = false
    private var isDraining = false
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

    /// Back-pressure: no more is begun while too much is under way, and no more read while too much waits or is unsent.
    private var mayBegin: Bool { calls.count < Self.maxCalls && running < Self.maxRunning }

    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        backlog.count < Self.maxCalls && context.channel.isWritable && !isDraining
    }

    func read(context: ChannelHandlerContext) {
        if mayRead(context) { context.read() } else { readWithheld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        takeLines(context)
        context.fireChannelWritabilityChanged()
    }

    /// Half-close: no more requests will come, but those that came are answered.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: inputEnded = true
        case is Draining: isDraining = true
        default: return context.fireUserInboundEventTriggered(event)
        }
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
            while context.channel.isWritable {
                if mayBegin, let request = backlog.popFirst() {
                    take(request, context)
                } else {
                    guard backlog.count < Self.maxCalls, let line = try nextLine() else { break }
                    takeLine(line, context)
                }
            }
        } catch {
            let problem = Problem(
                .requestTooLarge, "A request may have \(LineCodec.maxRequestLength) bytes at most.",
                hint: "The connection is closed: what follows can't be told apart.")
            send(.failure(.null, problem), context)
            flush(context)
            return context.close(promise: nil)
        }
        readOn(context)
        if inputEnded || isDraining, calls.isEmpty, backlog.isEmpty, context.channel.isWritable {
            closeWhenSent(context)
        }
    }

    /// A line that the client has not ended is one only when no more will come.
    private func nextLine() throws(LineCodec.TooLong) -> ByteBuffer? {
        try codec.next() ?? (inputEnded ? codec.rest() : nil)
    }

    private func takeLine(_ line: ByteBuffer, _ context: ChannelHandlerContext) {
        do throws(Envelope.Refusal) {
            switch try Envelope.readLine(line) {
            case .single(let message):
                let request = Request(message: message, line: line)
                // To cancel must be possible most of all when too much is under way.
                let isAtOnce = request.call?.method == Self.cancelMethod || mayBegin && backlog.isEmpty
                if isAtOnce { take(request, context) } else { backlog.append(request) }
            case .batch(let messages):
                let batch = Batch(count: messages.count)
                backlog += messages.map { Request(message: $0, line: line, batch: batch) }
            }
        } catch {
            send(.failure(error.id ?? .null, error.problem), context)
        }
    }

    private func take(_ request: Request, _ context: ChannelHandlerContext) {
        do throws(Envelope.Refusal) {
            guard case .call(let id, let method, let params, let meta) = try request.message.get() else {
                throw Envelope.Refusal(problem: Problem(.requestInvalid, "This is a reply, not a request."))
            }
            if method == Self.cancelMethod {
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

    private static var cancelMethod: String { "$/cancelRequest" }

    private func cancel(_ line: ByteBuffer, _ params: Range<Int>?, _ context: ChannelHandlerContext) {
        guard let params, let json = line.text(ofMember: "id", in: params) else { return }
        let id = RequestID(json: json)
        if let pending = calls[id] { return finish(pending, .failure(.cancelled), context) }
        guard let waiting = backlog.firstIndex(where: { $0.call?.id == id }) else { return }
        settle(backlog.remove(at: waiting).batch, .failure(id, .cancelled), context)
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
        // Calls without an id of their own may be many at once. No JSON text looks like this one.
        let own = id == .null ? nil : id
        let pending = PendingCall(key: own ?? RequestID(json: "call-\(callCount)"), replyId: id, batch: batch)
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
        calls[pending.key] = pending
        if id == nil { settle(batch, nil, context) }
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
        connection.finish(pending, .failure(.deadline(milliseconds)), context)
        connection.takeLines(context)
    }

    private func ended(_ pending: PendingCall, _ outcome: Result<[UInt8], Problem>, _ context: ChannelHandlerContext) {
        running -= 1
        finish(pending, outcome, context)
        takeLines(context)
    }

    /// Answers the call if it has not been answered yet. Its id may be another call's by now.
    private func finish(
        _ pending: PendingCall, _ outcome: Result<[UInt8], Problem>, _ context: ChannelHandlerContext
    ) {
        guard calls[pending.key] === pending else { return }
        calls[pending.key] = nil
        pending.answered()
        guard let id = pending.replyId else { return }
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
        guard connection.calls[pending.key] === pending, let id = pending.replyId, context.channel.isWritable else {
            return
        }
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
        guard readWithheld, mayRead(context) else { return }
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

/// Told to a connection when its server is to end: what has come is answered, no more is read.
struct Draining: Sendable {}

extension ByteBuffer {
    /// The JSON text of a member of the object at a place that `Envelope` has found, as its sender wrote it.
    fileprivate func text(ofMember name: String, in range: Range<Int>) -> String? {
        withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[range]))
            var text: String?
            try? scanner.object { scanner, key throws(JSONScanner.Malformed) in
                let value = try scanner.skipValue()
                guard scanner.bytes[key].elementsEqual(name.utf8) else { return }
                text = String(decoding: scanner.bytes[value], as: UTF8.self)
            }
            return text
        }
    }

    /// The value at a place that `Envelope` has found.
    /// - Throws: for a number that no `Double` holds; the rest of the grammar is known to be right.
    func json(in range: Range<Int>) throws(JSONScanner.Malformed) -> JSON {
        try withUnsafeReadableBytesTyped { bytes throws(JSONScanner.Malformed) in
            try JSONText.parse(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }
}
