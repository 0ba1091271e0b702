import IPC
import NIOCore

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

    /// How much of the head has come, and its last bytes, which may be the beginning of its end.
    private var length = 0
    private var last: ArraySlice<UInt8> = []
    private var hasAnswered = false

    /// What follows the head is read and dropped until the client closes: to close before it has sent all would take
    /// the answer from it again.
    mutating func answer(_ bytes: [UInt8]) -> StandIn.Answer {
        if hasAnswered { return StandIn.Answer() }
        let unseen = last + bytes
        length += bytes.count
        guard unseen.firstRange(of: Self.endOfHead) != nil else {
            last = unseen.suffix(Self.endOfHead.count - 1)
            return StandIn.Answer(goesOn: length < Self.longestHead)
        }
        hasAnswered = true
        return StandIn.Answer(replies: Self.answer)
    }
}
