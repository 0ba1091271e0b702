import NIOCore
import Testing

@testable import IPC

@Suite struct EnvelopeTests {
    @Test("the payload stays where it lies, untouched")
    func payload() throws {
        let line = ByteBuffer(string: #"{"jsonrpc":"2.0","id":"x","params": {"a": [1, 2]} ,"method":"m"}"#)
        guard case .call(let id?, "m", let params?, _) = try Envelope.read(line) else {
            Issue.record("not a call")
            return
        }
        #expect(id.json == "\"x\"")
        #expect(line.getString(at: params.lowerBound, length: params.count) == #"{"a": [1, 2]}"#)
    }

    @Test("ids that differ in their bytes are two, though they look the same")
    func likeIds() {
        let ids: Set = [RequestID(json: "\"\u{e9}\""), RequestID(json: "\"e\u{301}\""), RequestID(json: "\"\u{e9}\"")]
        #expect(ids.count == 2)
    }

    @Test("meta is read, and what is not known in it passed over")
    func meta() throws {
        let line = ByteBuffer(
            string: #"{"id":1,"method":"m","meta":{"deadline_ms":250,"op":"key-12345","request":"r1","other":{}}}"#)
        guard case .call(_, _, nil, let meta) = try Envelope.read(line) else {
            Issue.record("not a call")
            return
        }
        #expect(meta == Meta(deadlineMs: 250, op: try OperationKey("key-12345"), request: "r1"))
    }

    @Test("a refusal carries the id where it could be read")
    func refusalId() {
        do {
            _ = try Envelope.read(ByteBuffer(string: #"{"id":7,"method":5}"#))
            Issue.record("accepted")
        } catch {
            #expect(error.id?.json == "7")
            #expect(error.problem.kind == .requestInvalid)
        }
    }
}
