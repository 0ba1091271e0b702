/// How many lines of a log: 1 to 1000.
public struct LineCount: BoundedInteger {
    public let value: Int
    public static let range = 1...1000
    public static var example: LineCount { LineCount(clamping: 100) }

    public init(clamping value: Int) {
        self.value = value.clamped(to: Self.range)
    }
}

/// How long a caller wants to wait for something to happen, in milliseconds: up to 30 s.
public struct WaitTime: BoundedInteger {
    public let value: Int
    public static let range = 0...30_000
    public static var example: WaitTime { WaitTime(clamping: 10_000) }

    public init(clamping value: Int) {
        self.value = value.clamped(to: Self.range)
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
