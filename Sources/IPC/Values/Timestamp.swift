public import FoundationEssentials

/// A point in time; RFC 3339 in UTC on the wire.
public struct Timestamp: TextValue, Comparable {
    public let date: Date
    public static var schema: Schema { .string(formats: ["date-time"], maxLength: 40) }
    public static var example: Timestamp { Timestamp(Date(timeIntervalSince1970: 1_795_000_000)) }
    public static var now: Timestamp { Timestamp(Date()) }

    public var text: String { date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }

    public init(_ date: Date) {
        self.date = date
    }

    public init(_ text: String) throws(InvalidValue) {
        let styles = [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()]
        guard let date = styles.lazy.compactMap({ try? $0.parse(text) }).first else {
            throw InvalidValue("is not a time such as \(Self.example.text)")
        }
        self.date = date
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.date < b.date }
}
