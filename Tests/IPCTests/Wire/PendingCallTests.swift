import Testing

@testable import IPC

@Suite struct PendingCallTests {
    @Test("a call that is dropped without a reply ends a debug build")
    func dropped() async {
        await #expect(processExitsWith: .failure) {
            _ = PendingCall(key: RequestID(json: "1"), replyId: RequestID(json: "1"), batch: nil)
        }
    }

    @Test("a call that is answered twice ends a debug build")
    func twice() async {
        await #expect(processExitsWith: .failure) {
            let call = PendingCall(key: RequestID(json: "1"), replyId: RequestID(json: "1"), batch: nil)
            call.answered()
            call.answered()
        }
    }

    @Test("an answered call, one whose client has gone, and a notification may go")
    func settled() async {
        await #expect(processExitsWith: .success) {
            PendingCall(key: RequestID(json: "1"), replyId: RequestID(json: "1"), batch: nil).answered()
            PendingCall(key: RequestID(json: "2"), replyId: RequestID(json: "2"), batch: nil).abandon()
            _ = PendingCall(key: RequestID(json: "call-3"), replyId: nil, batch: nil)
        }
    }
}
