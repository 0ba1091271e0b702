import Glibc

/// Listening sockets that systemd has kept through the supervisor's own death, restart or upgrade (its file descriptor
/// store, sd_notify(3)): their queues went on taking clients meanwhile.
struct KeptSockets {
    /// What systemd is to do with its copies.
    enum Change: Equatable {
        case store(String, CInt)
        case drop(String)

        /// - Returns: what to tell systemd, and the descriptor to pass with it.
        var notification: (message: String, descriptor: CInt?) {
            switch self {
            // FDPOLL: a listening socket is never to be let go of by itself.
            case .store(let name, let descriptor): ("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", descriptor)
            case .drop(let name): ("FDSTOREREMOVE=1\nFDNAME=\(name)", nil)
            }
        }
    }

    private var byName: [String: CInt]
    private(set) var changes: [Change] = []

    /// - Parameter byName: as they came in LISTEN_FDS, by their LISTEN_FDNAMES.
    init(_ byName: [String: CInt]) {
        self.byName = byName
    }

    /// The socket of that name, if it listens where it is wanted to; else one that `make` makes.
    mutating func take(
        _ name: String, at address: SocketAddress, anyPort: Bool = false, orMake make: () throws -> CInt
    ) rethrows -> CInt {
        if let kept = byName[name], SocketAddress(listening: kept)?.isSame(as: address, anyPort: anyPort) == true {
            byName[name] = nil
            // As those are that the supervisor makes.
            _ = fcntl(kept, F_SETFL, O_NONBLOCK)
            return kept
        }
        drop(name)
        let made = try make()
        changes.append(.store(name, made))
        return made
    }

    /// Lets go of what nobody has taken.
    mutating func dropRest() {
        for name in byName.keys.sorted() { drop(name) }
    }

    mutating func drop(_ name: String) {
        guard let kept = byName.removeValue(forKey: name) else { return }
        close(kept)
        changes.append(.drop(name))
    }
}
