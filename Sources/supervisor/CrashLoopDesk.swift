import Glibc
import IPC
import NIOCore

/// Answers whoever connects to a child that is in its crash loop, in the child's place, so that nobody waits for a
/// process that may never come. It accepts only when asked to, which is to be only while no process of the child
/// lives: else it would take what is that one's.
struct CrashLoopDesk {
    /// More connections than these at once, and the oldest has to go: nobody may use up the supervisor.
    static let most = 16

    /// What the child's clients speak.
    enum Language {
        case lines(ContractDescription)
        case http
    }

    private struct Client {
        let descriptor: CInt
        let isRoot: Bool
        var dialogue: Dialogue
    }

    private enum Dialogue {
        case lines(StandIn)
        case http(PageStandIn)
    }

    private let listener: CInt
    /// What each conversation begins as: who may have one is looked up once.
    private let beginning: Dialogue
    /// The oldest first.
    private var clients: [Client] = []

    init(listener: CInt, language: Language) {
        self.listener = listener
        switch language {
        case .lines(let contract): beginning = .lines(StandIn(for: contract))
        case .http: beginning = .http(PageStandIn())
        }
    }

    /// What to wait for while it is open.
    var descriptors: [CInt] { [listener] + clients.map(\.descriptor) }

    /// Serves what has become readable.
    /// - Parameter problem: what a client is answered, whether it is root or somebody who may not read logs.
    mutating func serve(_ readable: Set<CInt>, _ problem: (_ isRoot: Bool) -> Problem) {
        guard !readable.isDisjoint(with: descriptors) else { return }
        if readable.contains(listener) { accept() }
        // A client that has just come may have said all it has to say: it is looked at at once.
        clients = clients.filter { client in
            var client = client
            let stays = Self.converse(&client, problem(client.isRoot))
            if !stays { Glibc.close(client.descriptor) }
            return stays
        }
    }

    /// Lets everybody go: the child is launched again.
    mutating func close() {
        for client in clients { Glibc.close(client.descriptor) }
        clients = []
    }

    private mutating func accept() {
        for _ in 0..<Self.most {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            guard let isRoot = admit(descriptor) else {
                Glibc.close(descriptor)
                continue
            }
            if clients.count == Self.most { Glibc.close(clients.removeFirst().descriptor) }
            clients.append(Client(descriptor: descriptor, isRoot: isRoot, dialogue: beginning))
        }
    }

    /// - Returns: whether it is root; nil for one that was refused.
    private func admit(_ descriptor: CInt) -> Bool? {
        guard case .lines(let standIn) = beginning else { return false }
        switch standIn.admit(descriptor) {
        case .admitted(let peer): return peer.class == .root
        case .refused(let line):
            _ = Self.send(line, to: descriptor)
            return nil
        }
    }

    /// - Returns: whether the connection is to stay open.
    private static func converse(_ client: inout Client, _ problem: Problem) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(client.descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EAGAIN }
        let answer: (replies: ByteBuffer, goesOn: Bool)
        switch client.dialogue {
        case .lines(var standIn):
            // The end of the stream ends its last line too.
            answer = standIn.answer(count > 0 ? Array(buffer[..<count]) : [UInt8(ascii: "\n")], with: problem)
            client.dialogue = .lines(standIn)
        case .http(var standIn):
            answer = standIn.answer(buffer[..<count])
            client.dialogue = .http(standIn)
        }
        return send(answer.replies, to: client.descriptor) && answer.goesOn && count > 0
    }

    /// - Returns: false if the peer did not take it all: who does not read is not waited for.
    private static func send(_ bytes: ByteBuffer, to descriptor: CInt) -> Bool {
        guard bytes.readableBytes > 0 else { return true }
        let sent = bytes.withUnsafeReadableBytes { bytes in
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
        }
        return sent == bytes.readableBytes
    }
}

/// Speaks for the gateway: it understands nothing of a request but where its head ends, and gives one fixed answer.
/// What the log says is not for the network.
struct PageStandIn {
    private static let longestHead = 32 << 10
    private static let endOfHead = Array("\r\n\r\n".utf8)

    private static let answer: ByteBuffer = {
        let body = """
            {"type":"about:blank","title":"Service Unavailable","status":503,\
            "detail":"The gateway, which serves this page, crashes again and again.",\
            "kind":"\(Problem.Kind.agentCrashLoop.rawValue)",\
            "hint":"It is tried again every 30 s. On the node, `journalctl -u aquarium` tells why.","retryable":true}
            """
        return ByteBuffer(
            string: "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
                + "Content-Length: \(body.utf8.count)\r\nRetry-After: 30\r\nCache-Control: no-store\r\n"
                + "Connection: close\r\n\r\n" + body)
    }()

    private var head: [UInt8] = []
    private var hasAnswered = false

    /// What follows the head is read and dropped until the client closes: to close before it has sent all would take
    /// the answer from it again.
    mutating func answer(_ bytes: ArraySlice<UInt8>) -> (replies: ByteBuffer, goesOn: Bool) {
        if hasAnswered { return (ByteBuffer(), true) }
        head += bytes
        guard head.firstRange(of: Self.endOfHead) != nil else { return (ByteBuffer(), head.count < Self.longestHead) }
        head = []
        hasAnswered = true
        return (Self.answer, true)
    }
}
