import Glibc

/// An IPv4 or IPv6 address in its usual text form.
public struct IPAddress: TextValue {
    public let text: String
    public let isIPv6: Bool
    public static let maxLength = 45
    public static var example: IPAddress { try! IPAddress("192.0.2.10") }

    public init(_ text: String) throws(InvalidValue) {
        // inet_pton reads no further than a NUL.
        guard text.utf8.allSatisfy({ $0.hexDigit != nil || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }) else {
            throw InvalidValue("is not an IP address")
        }
        var buffer = in6_addr()
        if inet_pton(AF_INET, text, &buffer) == 1 {
            isIPv6 = false
        } else if inet_pton(AF_INET6, text, &buffer) == 1 {
            isIPv6 = true
        } else {
            throw InvalidValue("is not an IP address")
        }
        self.text = text
    }

    /// The address in network byte order: 4 or 16 bytes.
    public var bytes: [UInt8] {
        var buffer = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &buffer)
        return buffer
    }
}

/// A network in CIDR form, `192.0.2.0/24`.
public struct Network: TextValue {
    public let address: IPAddress
    public let prefixLength: Int
    public static let maxLength = 49
    public static var example: Network { try! Network("192.0.2.0/24") }

    public var text: String { "\(address)/\(prefixLength)" }

    public init(_ text: String) throws(InvalidValue) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = try? IPAddress(String(parts[0])), parts[1].utf8.allSatisfy(\.isDigit),
            let length = Int(parts[1]), length <= (address.isIPv6 ? 128 : 32)
        else { throw InvalidValue("is not a network such as 192.0.2.0/24") }
        self.address = address
        prefixLength = length
    }

    public func contains(_ other: IPAddress) -> Bool {
        guard other.isIPv6 == address.isIPv6 else { return false }
        let (mine, theirs) = (address.bytes, other.bytes)
        return (0..<prefixLength).allSatisfy { bit in
            let difference: UInt8 = mine[bit / 8] ^ theirs[bit / 8]
            return (difference >> UInt8(7 - bit % 8)) & 1 == 0
        }
    }
}
