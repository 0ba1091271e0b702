import Synchronization

/// Names for requests that came without one: unlike those of other processes by a random start, and unlike each other
/// by counting on, which costs no system call.
public enum RequestName {
    private static let last = Atomic<UInt64>(.random(in: .min ... .max))

    public static func next() -> String {
        String(last.wrappingAdd(1, ordering: .relaxed).newValue, radix: 36)
    }
}
