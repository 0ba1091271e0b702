/// One RFC 1123 label: letters, digits and inner hyphens. cephadm refuses a dotted name, and a cluster can't live
/// under the name `localhost`.
public struct HostName: TextValue {
    public let text: String
    public static let pattern: String? = "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
    public static let maxLength = 63
    public static var example: HostName { try! HostName("storage1") }

    public init(_ text: String) throws(InvalidValue) {
        guard !text.isEmpty, text.utf8.count <= Self.maxLength else {
            throw InvalidValue("is not a host name: 1 to 63 characters are needed")
        }
        guard !text.contains(".") else {
            throw InvalidValue("is a full domain name; the short host name is needed, without dots")
        }
        guard text.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") }),
            text.utf8.first?.isAlphanumeric == true, text.utf8.last?.isAlphanumeric == true
        else { throw InvalidValue("is not a host name: only letters, digits and inner hyphens are allowed") }
        guard text.lowercased() != "localhost" else {
            throw InvalidValue("can't name a node of a cluster; choose another host name")
        }
        self.text = text
    }
}

/// A DNS name or an IP address, for servers that are reached by name (NTP).
public struct ServerName: TextValue {
    public let text: String
    public static let maxLength = 253
    public static var example: ServerName { try! ServerName("pool.ntp.org") }

    public init(_ text: String) throws(InvalidValue) {
        let isAddress = (try? IPAddress(text)) != nil
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = text.utf8.count <= Self.maxLength && labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.first?.isAlphanumeric == true
                && label.utf8.last?.isAlphanumeric == true
                && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
        guard isAddress || isName else { throw InvalidValue("is neither a domain name nor an IP address") }
        self.text = text
    }
}
