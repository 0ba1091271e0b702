/// Where the page is served, `ADDRESS:PORT`: one address and no name, for a name can come to mean another. An IPv6
/// address stands in brackets.
public struct ListenAddress: Sendable, Equatable {
    public let address: IPAddress
    /// 0: any that is free.
    public let port: Int

    /// What stands for all addresses of the machine, the last for IPv4's only.
    private static let wildcards = ["0.0.0.0", "::", "::ffff:0.0.0.0"].map { try! IPAddress($0).bytes }

    /// - Throws: the reason, in words that fit "<text> …".
    public init(_ text: String) throws(InvalidValue) {
        guard let colon = text.lastIndex(of: ":"), let address = Self.address(text[..<colon]),
            let port = Self.port(text[text.index(after: colon)...])
        else { throw InvalidValue("is not an address and port, such as 127.0.0.1:8080 or [::1]:8080") }
        guard !Self.wildcards.contains(address.bytes) else {
            throw InvalidValue(
                "stands for every address of this machine. There are no accounts yet, so whoever reaches the page may "
                    + "do everything: name a loopback address, or one address of its own")
        }
        self.address = address
        self.port = port
    }

    private static func address(_ text: Substring) -> IPAddress? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let address = try? IPAddress(String(isBracketed ? text.dropFirst().dropLast() : text))
        return address?.isIPv6 == isBracketed ? address : nil
    }

    private static func port(_ text: Substring) -> Int? {
        text.utf8.allSatisfy(\.isDigit) ? UInt16(text).map(Int.init) : nil
    }
}
