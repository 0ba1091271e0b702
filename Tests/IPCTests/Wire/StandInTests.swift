import NIOCore
import Testing

@testable import IPC

struct StandInTests {
    private let problem = Problem(.agentCrashLoop, "It crashes.")
    private static let error =
        #""error":{"code":-32008,"message":"It crashes.","#
        + #""data":{"kind":"agent.crash_loop","retryable":false}}}"#

    private func answer(_ standIn: inout StandIn, _ text: String) -> [String] {
        let replies = standIn.answer(Array(text.utf8), with: problem).replies
        return String(buffer: replies).split(separator: "\n").map(String.init)
    }

    @Test("every request gets the error under its own id, however the lines are cut; a notification gets none")
    func requests() {
        var standIn = StandIn(for: Echo.contract.description)
        #expect(answer(&standIn, #"{"jsonrpc":"2.0","id":1,"meth"#) == [])
        let rest = #"od":"a"}"# + "\n\n" + #"{"jsonrpc":"2.0","method":"b"}"# + "\r\n" + #"{"method":"c"}"# + "\n"
        let replies = answer(&standIn, rest)
        #expect(replies == [#"{"jsonrpc":"2.0","id":1,"# + Self.error, #"{"jsonrpc":"2.0","id":null,"# + Self.error])
    }

    @Test("a batch gets one array, and what is no request its own error")
    func others() {
        var standIn = StandIn(for: Echo.contract.description)
        let batch = answer(&standIn, #"[{"jsonrpc":"2.0","id":"a","method":"m"},1]"# + "\n")
        #expect(batch.count == 1)
        #expect(batch[0].hasPrefix(#"[{"jsonrpc":"2.0","id":"a","# + Self.error + #",{"jsonrpc":"2.0","id":null,"#))
        #expect(batch[0].hasSuffix("}]"))
        #expect(answer(&standIn, "{nonsense\n").first?.contains(#""code":-32700"#) == true)
        #expect(answer(&standIn, #"[{"jsonrpc":"2.0","method":"m"}]"# + "\n") == [])
    }

    @Test("a line that is too long ends the conversation")
    func tooLong() {
        var standIn = StandIn(for: Echo.contract.description)
        let answer = standIn.answer(
            Array(repeating: UInt8(ascii: "a"), count: LineCodec.maxRequestLength + 1), with: problem)
        #expect(!answer.goesOn)
        #expect(String(buffer: answer.replies).contains(#""kind":"request.too_large""#))
    }

    @Test("many requests at once are answered bit by bit, each once")
    func many() {
        var standIn = StandIn(for: Echo.contract.description)
        let count = 5000
        let requests = (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"m"}"# + "\n" }.joined()
        var (bytes, ids): ([UInt8], [Substring]) = (Array(requests.utf8), [])
        var (rounds, hasMore) = (0, true)
        while hasMore {
            let answer = standIn.answer(bytes, with: problem)
            (bytes, hasMore) = ([], answer.hasMore)
            #expect(answer.replies.readableBytes < 80 << 10)
            ids += String(buffer: answer.replies).split(separator: "\n").map { $0.dropFirst(22).prefix { $0 != "," } }
            rounds += 1
        }
        #expect(rounds > 5)
        #expect(ids == (0..<count).map { "\($0)" })
    }
}
