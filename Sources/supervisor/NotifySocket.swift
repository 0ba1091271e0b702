import CLaunch
import Glibc

/// What a child told its supervisor: the assignments of sd_notify(3) that mean something here.
struct NotifyMessage: Equatable {
    var isReady = false
    var isHeartbeat = false

    init(isReady: Bool = false, isHeartbeat: Bool = false) {
        (self.isReady, self.isHeartbeat) = (isReady, isHeartbeat)
    }

    /// What is not understood is passed over, as sd_notify(3) asks.
    init(parsing text: String) {
        for line in text.split(separator: "\n") {
            switch line {
            case "READY=1": isReady = true
            case "WATCHDOG=1": isHeartbeat = true
            default: break
            }
        }
    }
}

/// The socket to which children send READY=1 and WATCHDOG=1.
struct NotifySocket {
    static let longest = 4096
    /// As many as are taken at once: a child that sends without a pause must not keep the main loop for itself.
    static let most = 64

    let path: String
    let descriptor: CInt

    typealias Received = (sender: pid_t, message: NotifyMessage)

    /// - Returns: what has come, `most` messages at most, each with the pid that the kernel says sent it.
    func receive() -> [Received] {
        var received: [Received] = []
        while received.count < Self.most, let next = next() { received.append(next) }
        return received
    }

    private func next() -> Received? {
        var buffer = [UInt8](repeating: 0, count: Self.longest)
        var sender: pid_t = 0
        let length = notify_receive(descriptor, &buffer, buffer.count, &sender)
        guard length >= 0 else { return nil }
        return (sender, NotifyMessage(parsing: String(decoding: buffer[..<length], as: UTF8.self)))
    }
}
