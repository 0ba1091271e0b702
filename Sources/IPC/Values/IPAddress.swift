import Glibc

/// An IPv4 or IPv6 address in its usual text form (RFC 2673, RFC 4291), without a zone.
public struct IPAddress: TextValue {
    public let text: String
    public let isIPv6: Bool
    static let formats = ["ipv4", "ipv6"]
    public static var schema: Schema { .string(formats: formats, maxLength: 45) }
    public static var example: IPAddress { try! IPAddress("192.0.2.10") }

    /// By inet_pton(3): the gateway asks this of each request's host, where a regular expression would cost more than
    /// all of its other guards.
    public init(_ text: String) throws(InvalidValue) {
        // inet_pton reads no further than a NUL.
        guard text.utf8.allSatisfy({ $0.hexDigit != nil || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }) else {
            throw InvalidValue("is not an IP address")
        }
        isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        var buffer = in6_addr()
        guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &buffer) == 1 else {
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

/// The grammar of RFC 3986, 3.2.2, as regular expressions, for the schema of a network.
extension IPAddress {
    fileprivate static let ipv4 = "(?:\(octet)[.]){3}\(octet)"
    fileprivate static let ipv6 = "(?:" + ([whole] + shortened).joined(separator: "|") + ")"

    private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    private static let group = "[0-9A-Fa-f]{1,4}"
    private static let end = "(?:\(group):\(group)|\(ipv4))"
    private static let whole = "(?:\(group):){6}\(end)"
    /// With `::`, by how many groups stand before it at most.
    private static let shortened = (0...7).map { before in
        let first = before == 0 ? "" : "(?:(?:\(group):){0,\(before - 1)}\(group))?"
        let last =
            switch before {
            case ..<6: "(?:\(group):){\(5 - before)}\(end)"
            case 6: group
            default: ""
            }
        return "\(first)::\(last)"
    }
}

/// A network in CIDR form, `192.0.2.0/24`.
public struct Network: PatternedText {
    public let address: IPAddress
    public let prefixLength: Int
    public static let form = TextForm(
        "^(?:\(IPAddress.ipv4)/(?:3[0-2]|[12]?[0-9])|\(IPAddress.ipv6)/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))$",
        maxLength: 49)
    public static var example: Network { try! Network("192.0.2.0/24") }

    public var text: String { "\(address)/\(prefixLength)" }

    public init(_ text: String) throws(InvalidValue) {
        let parts = text.split(separator: "/")
        guard Self.form.matches(text), let length = Int(parts[1]) else {
            throw InvalidValue("is not a network such as \(Self.example)")
        }
        address = try IPAddress(String(parts[0]))
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
