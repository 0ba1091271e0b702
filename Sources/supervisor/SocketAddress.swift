import Glibc
import IPC

/// Any family's `sockaddr`.
struct SocketAddress {
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
        guard let address = UnixAddress(path) else { return nil }
        length = 0
        length = address.use { name, length in
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: name, count: Int(length)))
            }
            return length
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
