import Glibc
import IPC
import NIOCore

/// One who has connected to a child in its crash loop. It is not read on until it has taken what it was answered, so that
/// it costs one buffer of requests and one of answers, whatever it does.
struct DeskClient {
    let descriptor: CInt
    let isRoot: Bool
    private var lines: StandIn?
    private var page = PageStandIn()
    private var unsent = ByteBuffer()
    /// Some of what has come is not answered yet.
    private var hasMore = false
    /// No more is read.
    private var isOver = false

    /// - Parameter standIn: for one who speaks in lines; nil for a browser.
    init(descriptor: CInt, isRoot: Bool, standIn: StandIn?) {
        self.descriptor = descriptor
        self.isRoot = isRoot
        lines = standIn
    }

    /// Whether to wait until it takes something, rather than until it says something.
    var hasToSend: Bool { unsent.readableBytes > 0 || hasMore }

    /// One step: sends what is left, or answers what has come.
    /// - Returns: whether the connection is to stay open.
    mutating func converse(_ problem: Problem) -> Bool {
        if unsent.readableBytes == 0 {
            guard let bytes = hasMore ? [] : receive() else { return true }
            let answer = lines?.answer(bytes, with: problem) ?? page.answer(bytes)
            (unsent, hasMore) = (answer.replies, answer.hasMore)
            isOver = isOver || !answer.goesOn
        }
        return send() && (hasToSend || !isOver)
    }

    /// - Returns: nil if there is nothing.
    private mutating func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 { return Array(buffer[..<count]) }
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        isOver = true
        // The end of the stream ends its last line too.
        return [UInt8(ascii: "\n")]
    }

    /// - Returns: false if it can take nothing any more.
    private mutating func send() -> Bool {
        guard unsent.readableBytes > 0 else { return true }
        let sent = unsent.withUnsafeReadableBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        guard sent >= 0 else { return errno == EAGAIN || errno == EINTR }
        unsent.moveReaderIndex(forwardBy: sent)
        return true
    }
}
