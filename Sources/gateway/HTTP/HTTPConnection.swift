import IPC
import NIOCore
import NIOHTTP1

/// One client's connection: its requests one after the other, each answered before the next is looked at, and that not
/// before the client has taken what it was sent. Below it lie NIO's decoder and encoder.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Between requests.
        case idle
        /// The head was looked at, the rest is on its way.
        case receiving(Exchange, Result<Route, any Error>)
        case answering(Exchange)
        /// The last answer was given; what still comes is dropped.
        case ending
    }

    private let channel: any Channel
    /// Where answers are written to: through the channel they would pass this handler too.
    private var context: ChannelHandlerContext?
    private let site: Site
    private let limits: HTTPServer.Limits
    private let peer: String
    private var state = State.idle
    /// What has come and can't be looked at yet.
    private var parts = CircularBuffer<HTTPServerRequestPart>()
    /// What came behind all that is in `parts` is not HTTP.
    private var isMalformed = false
    private var isTaking = false
    private var isReadHeld = false
    /// When the connection is closed if nothing more comes of it; nil while it is the client who waits.
    private var expires: NIODeadline?

    init(_ channel: any Channel, _ site: Site, _ limits: HTTPServer.Limits) {
        self.channel = channel
        self.site = site
        self.limits = limits
        peer = channel.remoteAddress?.ipAddress ?? "unknown"
        expires = .now() + limits.idle
    }

    /// Closes it if no request runs; one that runs is the last.
    func finish() {
        switch state {
        // Its turn comes when the client has taken what it was sent before.
        case .idle where !parts.isEmpty: break
        case .idle: if hasUnsent { linger() } else { close() }
        case .receiving(let exchange, _), .answering(let exchange): exchange.isLast = true
        case .ending: break
        }
    }

    func close(ifExpiredAt now: NIODeadline) {
        guard let expires, expires <= now else { return }
        // A client that still takes what it was sent is not idle; one that does not is the kernel's to close.
        if hasUnsent { self.expires = now + limits.idle } else { close() }
    }

    private var hasUnsent: Bool { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 > 0 }

    func close() { channel.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: what comes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parts.append(unwrapInboundIn(data))
        take()
    }

    /// In a loop and never from within itself: a client may send thousands of requests that are answered at once.
    private func take() {
        guard !isTaking else { return }
        isTaking = true
        while isReadyForMore, let part = parts.popFirst() { take(part) }
        if isMalformed, isReadyForMore { refuseRest() }
        isTaking = false
        if isReadHeld, parts.isEmpty {
            isReadHeld = false
            channel.read()
        }
    }

    private var isReadyForMore: Bool {
        switch state {
        case .idle, .receiving: channel.isWritable
        case .answering: false
        case .ending: true
        }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch (part, state) {
        case (.head(let head), .idle): begin(head)
        case (.body(let bytes), .receiving(let exchange, _)): receive(bytes, exchange)
        case (.end, .receiving(let exchange, let route)): answer(exchange, route)
        case (.head, _), (.body, _), (.end, _): break
        }
    }

    func read(context: ChannelHandlerContext) {
        if parts.isEmpty { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        take()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let before = state
        state = .ending
        parts.removeAll()
        switch before {
        case .receiving(let exchange, _): site.log(exchange, nil)
        case .answering(let exchange): exchange.cancel?()
        case .idle, .ending: break
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // Not where the client has left in the middle of something.
        case is HTTPParserError where channel.isActive:
            isMalformed = true
            take()
        // What comes behind the first error is dropped.
        case ByteToMessageDecoderError.dataReceivedInErrorState: break
        default: close()
        }
    }

    private func refuseRest() {
        isMalformed = false
        switch state {
        case .idle: break
        case .receiving(let exchange, _): site.log(exchange, .badRequest)
        case .answering, .ending: return
        }
        let headers: HTTPHeaders = ["Connection": "close", "Content-Length": "0"]
        send(HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers), nil)
        linger()
    }

    // MARK: a request

    private func begin(_ head: HTTPRequestHead) {
        let exchange = Exchange(head, peer: peer, on: channel.eventLoop)
        let route = Result {
            let route = try site.admit(exchange.request)
            if route.takesBody, exchange.request.contentLength ?? 0 > limits.bodyBytes { throw limits.tooLarge }
            return route
        }
        let isBodyTaken = (try? route.get().takesBody) ?? false
        guard exchange.request.announcesBody, !isBodyTaken else {
            state = .receiving(exchange, route)
            expires = exchange.start + limits.body
            if exchange.request.isBodyHeldBack, exchange.version == .http1_1 { promptBody() }
            return
        }
        exchange.isLast = true
        answer(exchange, route)
    }

    private func promptBody() {
        writeAndFlush(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
    }

    private func receive(_ bytes: ByteBuffer, _ exchange: Exchange) {
        guard exchange.request.body.readableBytes + bytes.readableBytes <= limits.bodyBytes else {
            exchange.isLast = true
            return answer(exchange, .failure(limits.tooLarge))
        }
        exchange.request.body.writeImmutableBuffer(bytes)
    }

    private func answer(_ exchange: Exchange, _ route: Result<Route, any Error>) {
        state = .answering(exchange)
        expires = nil
        do {
            try route.get().handler(exchange.request, exchange).assumeIsolated().whenComplete { [self] result in
                answered(exchange, result)
            }
        } catch {
            answered(exchange, .failure(error))
        }
    }

    // MARK: its answer

    private func answered(_ exchange: Exchange, _ result: Result<Response, any Error>) {
        let response = site.complete(result, exchange)
        guard case .answering = state else { return site.log(exchange, nil) }
        let head = HTTPResponseHead(version: exchange.version, status: response.status, headers: response.headers)
        switch response.body {
        case .none: send(head, nil)
        case .bytes(let bytes): send(head, bytes)
        case .stream(let write): return stream(head, write, exchange)
        }
        ended(exchange, response.status)
    }

    private func send(_ head: HTTPResponseHead, _ body: ByteBuffer?) {
        // The encoder knows nothing of HEAD: the end that it would write to a stream's head is a body.
        guard let body else { return writeAndFlush(.head(head)) }
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
        context?.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        writeAndFlush(.end(nil))
    }

    private func writeAndFlush(_ part: HTTPServerResponsePart) {
        context?.writeAndFlush(wrapOutboundOut(part), promise: nil)
    }

    private func ended(_ exchange: Exchange, _ status: HTTPResponseStatus) {
        site.log(exchange, status)
        if exchange.isLast { return linger() }
        state = .idle
        expires = .now() + limits.idle
        take()
    }

    private func stream(
        _ head: HTTPResponseHead, _ write: @escaping @Sendable (StreamWriter) async throws -> Void,
        _ exchange: Exchange
    ) {
        writeAndFlush(.head(head))
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let task = Task(executorPreference: EventLoopExecutor(loop: channel.eventLoop)) { [channel] in
            do {
                promise.succeed(try await write(StreamWriter(channel: channel)))
            } catch {
                promise.fail(error)
            }
        }
        exchange.cancel = { task.cancel() }
        promise.futureResult.assumeIsolated().whenComplete { [self] result in streamed(result, exchange, head.status) }
    }

    private func streamed(_ result: Result<Void, any Error>, _ exchange: Exchange, _ status: HTTPResponseStatus) {
        guard case .answering = state, case .success = result else {
            site.log(exchange, status)
            return close()
        }
        writeAndFlush(.end(nil))
        ended(exchange, status)
    }

    /// Ends the connection after its last answer. What the client still sends is taken and dropped for a while, for
    /// else it would be reset before it has read the answer.
    private func linger() {
        state = .ending
        expires = nil
        channel.close(mode: .output).assumeIsolated().whenComplete { [self] _ in expires = .now() + limits.linger }
        take()
    }
}
