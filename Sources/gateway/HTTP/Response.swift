import NIOCore
import NIOHTTP1

/// What is answered.
struct Response: Sendable {
    enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        /// Goes on until the function returns or the client leaves, which cancels its task.
        case stream(@Sendable (StreamWriter) async throws -> Void)
    }

    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: Body

    init(_ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// JSON text as it is.
    init(json: ByteBuffer) {
        self.init(.ok, ["Content-Type": "application/json"], body: .bytes(json))
    }
}

/// Where a stream's bytes go.
struct StreamWriter: Sendable {
    let channel: any Channel

    /// Returns when the client has room for more.
    func write(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes))).get()
    }
}
