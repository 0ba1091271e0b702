import Glibc
public import NIOCore

/// Speaks for an agent that is not there: to one connection, and always the same refusal. It does no I/O.
public struct StandIn {
    private let peers: PeerPolicy
    private var codec = LineCodec(maxLength: LineCodec.maxRequestLength)

    /// - Parameter contract: of the agent that it stands in for; tells who may connect.
    public init(for contract: ContractDescription) {
        peers = PeerPolicy(allowed: contract.peers)
    }

    public enum Admission {
        case admitted(Peer)
        /// The line for a peer that the agent would not talk to either; its connection is to be closed then.
        case refused(ByteBuffer)
    }

    /// - Parameter connection: a connected Unix socket.
    public func admit(_ connection: CInt) -> Admission {
        var peer = PeerCredentials()
        var length = socklen_t(MemoryLayout<PeerCredentials>.size)
        // Whose uid the kernel doesn't tell is nobody's.
        if getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 { peer.uid = .max }
        switch peers.classify(uid: peer.uid, pid: peer.pid) {
        case .success(let peer): return .admitted(peer)
        case .failure(let problem): return .refused(Reply.failure(.null, problem).line)
        }
    }

    /// What is to be sent.
    public struct Answer {
        public var replies = ByteBuffer()
        /// Whether more of what comes can be understood.
        public var goesOn = true
        /// Whether some of what came is still to be answered: with nothing new, when the replies are sent.
        public var hasMore = false

        public init(replies: ByteBuffer = ByteBuffer(), goesOn: Bool = true) {
            self.replies = replies
            self.goesOn = goesOn
        }
    }

    /// How many bytes of replies are made at once, and the replies to one line: many small requests are answered at a
    /// multiple of their own size.
    private static let most = 64 << 10

    /// Takes what was received.
    /// - Returns: one error for each request that is whole by now, as far as `Answer.hasMore` tells.
    public mutating func answer(_ bytes: [UInt8], with problem: Problem) -> Answer {
        var bytes = ByteBuffer(bytes: bytes)
        codec.append(&bytes)
        var answer = Answer()
        do {
            while answer.replies.readableBytes < Self.most {
                guard let line = try codec.next() else { return answer }
                Self.answer(line, with: problem, to: &answer.replies)
            }
            answer.hasMore = true
        } catch {
            let tooLong = Problem(
                .requestTooLarge, "A request line has \(LineCodec.maxRequestLength) bytes at most.")
            answer.replies.writeImmutableBuffer(Reply.failure(.null, tooLong).line)
            answer.goesOn = false
        }
        return answer
    }

    private static func answer(_ line: ByteBuffer, with problem: Problem, to replies: inout ByteBuffer) {
        do throws(Envelope.Refusal) {
            switch try Envelope.readLine(line) {
            case .single(let message):
                if let reply = reply(to: message, problem) { replies.writeImmutableBuffer(reply.line) }
            case .batch(let messages):
                let batch = Batch(count: messages.count)
                let lines = messages.compactMap { batch.settle(reply(to: $0, problem)) }
                for line in lines { replies.writeImmutableBuffer(line) }
            }
        } catch {
            replies.writeImmutableBuffer(Reply.failure(error.id ?? .null, error.problem).line)
        }
    }

    /// - Returns: nil for what is never answered: a notification, a reply.
    private static func reply(
        to message: Result<Envelope.Message, Envelope.Refusal>, _ problem: Problem
    ) -> Reply? {
        switch message {
        case .success(.call(let id, _, _, _)): id.map { Reply.failure($0, problem) }
        case .success(.result), .success(.failure): nil
        case .failure(let refusal): refusal.id.map { Reply.failure($0, refusal.problem) }
        }
    }
}
