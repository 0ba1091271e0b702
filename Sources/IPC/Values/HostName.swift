/// One RFC 1123 label: letters, digits and inner hyphens. cephadm refuses a dotted name, and a cluster can't live
/// under the name `localhost`.
public struct HostName: PatternedText {
    public let text: String
    public static let form = TextForm(
        "^(?![Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", maxLength: 63)
    public static var example: HostName { try! HostName("storage1") }

    public init(_ text: String) throws(InvalidValue) {
        guard Self.form.matches(text) else { throw InvalidValue(Self.fault(of: text)) }
        self.text = text
    }

    private static func fault(of text: String) -> String {
        if text.contains(".") { return "is a full domain name; the short host name is needed, without dots" }
        if text.lowercased() == "localhost" { return "can't name a node of a cluster; choose another host name" }
        return "is not a host name: it has 1 to \(form.maxLength) letters, digits and inner hyphens"
    }
}

/// A DNS name (RFC 1123) or an IP address, for servers that are reached by name (NTP).
public struct ServerName: TextValue {
    public let text: String
    private static let name = TextForm(
        #"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"#,
        maxLength: 253)
    public static var schema: Schema {
        .string(formats: ["hostname"] + IPAddress.formats, maxLength: name.maxLength)
    }
    public static var example: ServerName { try! ServerName("pool.ntp.org") }

    public init(_ text: String) throws(InvalidValue) {
        guard Self.name.matches(text) || (try? IPAddress(text)) != nil else {
            throw InvalidValue("is neither a domain name nor an IP address")
        }
        self.text = text
    }
}
