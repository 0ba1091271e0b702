import Glibc
import NIOCore
import NIOPosix

/// Tells from the kernel's word who a peer is, and whether such a peer may connect at all.
struct PeerPolicy: Sendable {
    let allowed: Set<Peer.Class>
    private let classes: [uid_t: Peer.Class]

    /// The users that the appliance's processes run as.
    static let users: [(name: String, class: Peer.Class)] = [
        ("aquarium-gateway", .gateway), ("aquarium-orch", .orch), ("aquarium-join", .join),
    ]

    init(allowed: Set<Peer.Class>) {
        self.allowed = allowed
        var classes: [uid_t: Peer.Class] = [:]
        for user in Self.users {
            if let entry = getpwnam(user.name) { classes[entry.pointee.pw_uid] = user.class }
        }
        classes[getuid()] = .root
        classes[0] = .root
        self.classes = classes
    }

    init(allowed: Set<Peer.Class>, classes: [uid_t: Peer.Class]) {
        self.allowed = allowed
        self.classes = classes
    }

    func identify(_ channel: any Channel) -> EventLoopFuture<Result<Peer, Problem>> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        return credentials.map { classify(uid: $0.uid, pid: $0.pid) }
    }

    func classify(uid: uid_t, pid: pid_t) -> Result<Peer, Problem> {
        guard let known = classes[uid], allowed.contains(known) else {
            return .failure(
                Problem(
                    .peerRefused, "Uid \(uid) may not talk to this agent.",
                    hint: "Connect as root to debug an agent."))
        }
        return .success(Peer(class: known, uid: uid, pid: pid))
    }
}

/// `struct ucred` of <sys/socket.h>, which Glibc's module leaves out.
struct PeerCredentials: BitwiseCopyable, Sendable {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
}
