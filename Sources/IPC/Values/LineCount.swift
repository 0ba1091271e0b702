/// How many lines of a log: 1 to 1000.
public struct LineCount: Described, Sendable, Equatable {
    public let value: Int
    public static let range = 1...1000
    public static var schema: Schema {
        .integer(minimum: Int64(range.lowerBound), maximum: Int64(range.upperBound))
    }
    public static var example: LineCount { LineCount(clamping: 100) }

    public init(clamping value: Int) {
        self.value = min(max(value, Self.range.lowerBound), Self.range.upperBound)
    }

    public init(from decoder: any Decoder) throws {
        self.init(clamping: try decoder.singleValueContainer().decode(Int.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
