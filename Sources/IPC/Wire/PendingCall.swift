import NIOCore

/// A call between its line and its reply, of which it gets exactly one, unless it is a notification or its connection
/// ends before. To drop it without is an error of ours, which ends a debug build.
final class PendingCall {
    private enum Fate { case open, answered, abandoned }

    /// By which it can be cancelled: its id, where it has one of its own.
    let key: RequestID
    /// Nil for a notification, which is never answered.
    let replyId: RequestID?
    let batch: Batch?
    var task: Task<Void, Never>?
    var timer: Scheduled<Void>?
    var sequence = 0
    private var fate = Fate.open

    init(key: RequestID, replyId: RequestID?, batch: Batch?) {
        self.key = key
        self.replyId = replyId
        self.batch = batch
    }

    deinit { assert(replyId == nil || fate != .open, "a call was dropped without a reply") }

    /// To be called when the reply is written, and when a notification has ended. What still runs for it is stopped.
    func answered() {
        assert(fate == .open, "a call was answered twice")
        fate = .answered
        end()
    }

    /// Its client has gone.
    func abandon() {
        if fate == .open { fate = .abandoned }
        end()
    }

    private func end() {
        timer?.cancel()
        task?.cancel()
    }
}
