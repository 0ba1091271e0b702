public import Glibc

/// The address of a Unix socket, for the C library.
public struct UnixAddress {
    public static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    private var address = sockaddr_un()
    private let length: socklen_t

    /// - Parameter path: of the socket's file; an initial `@` means an abstract name (unix(7)).
    /// - Returns: nil if the path is too long.
    public init?(_ path: String) {
        guard path.utf8.count <= Self.longestPath else { return nil }
        var name = Array(path.utf8)
        let isAbstract = name.first == UInt8(ascii: "@")
        if isAbstract { name[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // An abstract name has no end but the address's.
        let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        length = socklen_t(isAbstract ? header + name.count : MemoryLayout<sockaddr_un>.size)
    }

    public func use<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafeBytes(of: address) { body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), length) }
    }
}
