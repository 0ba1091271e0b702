import CLaunch
import Glibc
import IPC

/// Why a listening socket could not be made, in words for the person who started the appliance.
struct SocketFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ what: String, errno number: CInt) {
        description = "\(what): \(String(cString: strerror(number)))."
    }
}

/// Every socket of the appliance, made before any process that serves one, and kept while the supervisor lives: a
/// client of a process that has died waits in the queue instead of being refused. systemd keeps copies, so that the
/// same goes for the supervisor's own death.
struct Sockets {
    /// By the name of the child that serves it.
    private(set) var listeners: [String: CInt] = [:]
    /// The supervisor's own.
    let supervisor: CInt
    let notify: NotifySocket
    /// What systemd is to be told of its copies.
    private(set) var changes: [KeptSockets.Change]

    private let children: [ChildSpec]
    private static let backlog: CInt = 1024

    /// - Parameters:
    ///   - directory: where the Unix sockets lie; made if it is missing.
    ///   - listen: `address:port` for the child whose socket is `.tcp`.
    ///   - group: who may connect besides root; nil: nobody.
    ///   - kept: what systemd has kept.
    init(
        for children: [ChildSpec], in directory: String, listen: String, group: gid_t?,
        kept: KeptSockets = KeptSockets([:])
    ) throws {
        self.children = children
        var kept = kept
        // The port first: another supervisor that runs already has it, and keeps its Unix sockets untouched.
        for child in children {
            guard case .tcp(let name) = child.socket else { continue }
            let address = try Self.parse(listen)
            listeners[child.name] = try kept.take(name, at: SocketAddress(address), anyPort: address.port == 0) {
                try Self.tcp(listen)
            }
        }
        try Self.makeDirectory(directory, group: group)
        for child in children {
            guard case .unix(let name) = child.socket else { continue }
            listeners[child.name] = try Self.listening(name, "\(directory)/\(name).sock", group: group, &kept)
        }
        let own = Supervisor.contract.description
        supervisor = try Self.listening(own.name, "\(directory)/\(own.socketName)", group: group, &kept)
        kept.dropRest()
        changes = kept.changes
        let path = directory + "/notify.sock"
        let descriptor = try Self.unix(path, SOCK_DGRAM, group: group)
        guard notify_enable_sender(descriptor) == 0 else { throw SocketFailure(path, errno: errno) }
        notify = NotifySocket(path: path, descriptor: descriptor)
    }

    /// Serves the page on another address, if `listen` names one. Whoever waits in the old one's queue is let go
    /// of with the process that serves it.
    /// - Throws: `SocketFailure`; all is then as it was.
    mutating func move(to listen: String) throws {
        let address = try Self.parse(listen)
        changes = []
        for child in children {
            guard case .tcp(let name) = child.socket, let old = listeners[child.name] else { continue }
            let isThere = SocketAddress(listening: old)?.isSame(as: SocketAddress(address), anyPort: address.port == 0)
            if isThere == true { continue }
            let new = try Self.tcp(listen)
            close(old)
            listeners[child.name] = new
            changes += [.drop(name), .store(name, new)]
        }
    }

    private static func makeDirectory(_ path: String, group: gid_t?) throws {
        guard mkdir(path, 0o750) == 0 else {
            if errno == EEXIST { return }
            throw SocketFailure("The folder \(path) can't be made", errno: errno)
        }
        if let group { chown(path, 0, group) }
    }

    private static func listening(
        _ name: String, _ path: String, group: gid_t?, _ kept: inout KeptSockets
    ) throws -> CInt {
        let make = {
            let descriptor = try unix(path, SOCK_STREAM, group: group)
            guard Glibc.listen(descriptor, backlog) == 0 else { throw SocketFailure(path, errno: errno) }
            return descriptor
        }
        // A socket whose file is gone can't be reached any more.
        if access(path, F_OK) != 0 { kept.drop(name) }
        return try kept.take(name, at: address(path), orMake: make)
    }

    private static func address(_ path: String) throws -> SocketAddress {
        if let address = SocketAddress(unix: path) { return address }
        throw SocketFailure("The socket's path \(path) is longer than \(UnixAddress.longestPath) bytes.")
    }

    /// A bound Unix socket, 0660, in place of whatever socket was there.
    private static func unix(_ path: String, _ type: __socket_type, group: gid_t?) throws -> CInt {
        let address = try address(path)
        let descriptor = try makeSocket(AF_UNIX, type)
        unlink(path)
        // bind(2) takes the file's mode from the socket's, less the umask that Main.swift has set.
        fchmod(descriptor, 0o660)
        guard address.use({ bind(descriptor, $0, $1) }) == 0 else {
            throw SocketFailure("The socket \(path) can't be made", errno: errno)
        }
        // Until it listens nobody can connect, whatever its group.
        if let group, lchown(path, 0, group) != 0 { throw SocketFailure("\(path): chown", errno: errno) }
        return descriptor
    }

    private static func tcp(_ listen: String) throws -> CInt {
        let address = SocketAddress(try parse(listen))
        let descriptor = try makeSocket(address.family, SOCK_STREAM)
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        let bound = address.use { bind(descriptor, $0, $1) }
        if bound == 0, Glibc.listen(descriptor, backlog) == 0 { return descriptor }
        switch errno {
        case EADDRINUSE: throw SocketFailure("Another program listens on \(listen) already.")
        case EADDRNOTAVAIL: throw SocketFailure("This machine has no address for \(listen) (yet).")
        case let number: throw SocketFailure("The page can't be served on \(listen)", errno: number)
        }
    }

    private static func parse(_ listen: String) throws -> ListenAddress {
        do {
            return try ListenAddress(listen)
        } catch {
            throw SocketFailure("\"listen\" in the configuration: \(listen) \(error.reason).")
        }
    }

    private static func makeSocket(_ family: CInt, _ type: __socket_type) throws -> CInt {
        // Who accepts from a queue that another has emptied must not wait.
        let flags = type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(family, CInt(flags), 0)
        guard descriptor >= 0 else { throw SocketFailure("socket", errno: errno) }
        return descriptor
    }
}
