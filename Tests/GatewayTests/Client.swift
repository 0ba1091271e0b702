import FoundationEssentials
import Glibc
import IPC
import NIOCore
import NIOPosix

/// An HTTP client that sends what it is told to, valid or not.
struct Client {
    struct Answer {
        var status = 0
        var headers: [String: String] = [:]
        var body = ""

        /// The body's members; nil where there is none of that name.
        subscript(member: String) -> JSON? {
            (try? JSONDecoder().decode(JSON.self, from: Data(body.utf8)))?[member]
        }
    }

    struct Closed: Error {}

    /// A connection that is read as it comes.
    struct Connection: ~Copyable {
        fileprivate var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private(set) var received = ""

        fileprivate init(
            _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.inbound = inbound.makeAsyncIterator()
            self.outbound = outbound
        }

        func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

        /// Takes what comes until it contains `text`, and gives all up to its end.
        mutating func read(until text: String) async throws -> String {
            while true {
                if let range = received.firstRange(of: text) {
                    defer { received.removeSubrange(..<range.upperBound) }
                    return String(received[..<range.upperBound])
                }
                guard let bytes = try await inbound.next() else { throw Closed() }
                received += String(buffer: bytes)
            }
        }

        /// Takes so many bytes and drops them.
        mutating func skip(_ count: Int) async throws {
            var left = count - received.utf8.count
            received = ""
            while left > 0 {
                guard let bytes = try await inbound.next() else { throw Closed() }
                left -= bytes.readableBytes
                if left < 0 { received = String(decoding: bytes.readableBytesView.suffix(-left), as: UTF8.self) }
            }
        }

        /// Takes what comes until the server closes.
        mutating func readToEnd() async throws -> String {
            while let bytes = try await inbound.next() { received += String(buffer: bytes) }
            return received
        }

        mutating func answer() async throws -> Answer {
            var answer = Answer()
            let head = try await read(until: "\r\n\r\n").split(separator: "\r\n")
            answer.status = Int(head[0].split(separator: " ")[1])!
            for line in head.dropFirst() {
                let colon = line.firstIndex(of: ":")!
                answer.headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
            }
            let length = answer.headers["content-length"].flatMap { Int($0) } ?? 0
            while received.utf8.count < length {
                guard let bytes = try await inbound.next() else { throw Closed() }
                received += String(buffer: bytes)
            }
            answer.body = received
            return answer
        }
    }

    let port: Int
    /// Whether the kernel is to buffer as little as it can.
    var isNarrow = false

    func connect<T>(_ body: (inout Connection) async throws -> T) async throws -> T {
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        if isNarrow {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 4096)
                .channelOption(.tcpOption(.init(rawValue: TCP_MAXSEG)), value: 536)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1000))
        }
        let channel =
            try await bootstrap
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = Connection(inbound, outbound)
            return try await body(&connection)
        }
    }

    func send(_ request: String) async throws -> Answer {
        try await connect { connection in
            try await connection.send(request)
            return try await connection.answer()
        }
    }

    func get(_ path: String, _ headers: String...) async throws -> Answer {
        try await send(Self.request("GET", path, headers))
    }

    func post(_ path: String, _ body: String, _ headers: String...) async throws -> Answer {
        let own = ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
        return try await send(Self.request("POST", path, own + headers) + body)
    }

    static func request(_ method: String, _ path: String, _ headers: [String] = []) -> String {
        ["\(method) \(path) HTTP/1.1", "Host: localhost"].appending(headers).joined(separator: "\r\n") + "\r\n\r\n"
    }
}

extension Array {
    fileprivate func appending(_ more: [Element]) -> [Element] { self + more }
}
