/// A result that costs seconds: asked for by many at once it is made once, and kept for a little while, as long as
/// what it was made from stays the same.
actor Recent<Key: Sendable & Equatable, Value: Sendable> {
    private let age: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private var making: (key: Key, task: Task<Value, Never>)?
    private var made: (key: Key, value: Value, at: ContinuousClock.Instant)?

    init(age: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.age = age
        self.now = now
    }

    /// - Parameter make: must end by itself: it goes on when the caller that began it has gone.
    func value(for key: Key, _ make: @escaping @Sendable () async -> Value) async -> Value {
        if let made, made.key == key, made.at.duration(to: now()) < age { return made.value }
        if let making, making.key == key { return await making.task.value }
        let task = Task { await make() }
        making = (key, task)
        let value = await task.value
        if making?.task == task {
            making = nil
            made = (key, value, now())
        }
        return value
    }
}
