/// Who is on the other end of a socket, as the kernel says (SO_PEERCRED).
public struct Peer: Sendable, Equatable {
    /// Default deny: a peer that is none of these is closed at once.
    public enum Class: String, Sendable, CaseIterable {
        /// uid 0, or the uid that the agent itself runs as: a person debugging, who could do it all anyway.
        case root
        case gateway
        case supervisor
        case bootstrap, orch, join
    }

    public let `class`: Class
    public let uid: UInt32
    public let pid: Int32

    public init(class: Class, uid: UInt32, pid: Int32) {
        self.class = `class`
        self.uid = uid
        self.pid = pid
    }
}
