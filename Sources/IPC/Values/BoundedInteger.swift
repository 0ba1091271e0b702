/// A whole number that is brought into its range where it comes in.
public protocol BoundedInteger: Described, Sendable, Equatable {
    static var range: ClosedRange<Int> { get }
    var value: Int { get }
    init(clamping value: Int)
}

extension BoundedInteger {
    public static var schema: Schema {
        .integer(minimum: Int64(range.lowerBound), maximum: Int64(range.upperBound))
    }

    public init(from decoder: any Decoder) throws {
        self.init(clamping: try decoder.singleValueContainer().decode(Int.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
