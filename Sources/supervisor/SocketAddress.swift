import Glibc
import IPC

/// Any family's `sockaddr`.
struct SocketAddress {
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    private var storage = sockaddr_storage()
    private var length: socklen_t

    var family: CInt { CInt(storage.ss_family) }

    init(_ listen: ListenAddress) {
        let port = in_port_t(listen.port).bigEndian
        if listen.address.isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: listen.address.bytes) }
            self.init(address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: listen.address.bytes) }
            self.init(address)
        }
    }

    /// - Parameter address: one of the C structures.
    private init<Address>(_ address: Address) {
        length = socklen_t(MemoryLayout<Address>.size)
        withUnsafeMutableBytes(of: &storage) { storage in
            withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
        }
    }

    /// - Parameter path: of the socket's file; an initial `@` means an abstract name (unix(7)).
    /// - Returns: nil if the path is too long.
    init?(unix path: String) {
        guard path.utf8.count <= Self.longestPath else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        let isAbstract = name.first == UInt8(ascii: "@")
        if isAbstract { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // An abstract name has no end but the address's.
        let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        length = socklen_t(isAbstract ? header + name.count : MemoryLayout<sockaddr_un>.size)
        withUnsafeMutableBytes(of: &storage) { storage in
            withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
        }
    }

    /// Where a socket listens.
    /// - Returns: nil if it does not, or is no socket.
    init?(listening descriptor: CInt) {
        var listens: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0, listens == 1 else { return nil }
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = withUnsafeMutableBytes(of: &storage) { [length] storage in
            var size = length
            return getsockname(descriptor, storage.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
        }
        guard found == 0 else { return nil }
    }

    /// - Parameter anyPort: of Internet addresses the port does not count.
    func isSame(as other: SocketAddress, anyPort: Bool) -> Bool {
        let port = 2..<4  // in sockaddr_in and sockaddr_in6 alike
        return withUnsafeBytes(of: storage) { own in
            withUnsafeBytes(of: other.storage) { other in
                own.indices.allSatisfy { own[$0] == other[$0] || (anyPort && port.contains($0)) }
            }
        }
    }

    func use<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafeBytes(of: storage) { body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), length) }
    }
}
