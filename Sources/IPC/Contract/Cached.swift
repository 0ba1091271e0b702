import Synchronization

/// What takes a while to make, and never changes: made when it is first asked for, for a start should not wait for it,
/// nor anybody more than once.
public final class Cached<Value: Sendable>: Sendable {
    private let made = Mutex<Value?>(nil)
    private let make: @Sendable () -> Value

    public init(_ make: @escaping @Sendable () -> Value) {
        self.make = make
    }

    public var value: Value {
        made.withLock { made in
            let value = made ?? make()
            made = value
            return value
        }
    }
}
