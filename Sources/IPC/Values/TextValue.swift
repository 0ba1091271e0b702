/// A string that is valid by its type: checked once, where it comes in, and safe as an argument from then on.
public protocol TextValue: Described, Hashable, Sendable, CustomStringConvertible {
    /// - Throws: `InvalidValue` with the reason, in words that fit "<value> …".
    init(_ text: String) throws(InvalidValue)
    var text: String { get }
}

public struct InvalidValue: Error, Equatable {
    public let reason: String
    public init(_ reason: String) { self.reason = reason }
}

extension TextValue {
    public var description: String { text }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(text)
        } catch {
            let shown = text.count > 80 ? text.prefix(80) + "…" : text[...]
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(shown)\" \(error.reason)."))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
