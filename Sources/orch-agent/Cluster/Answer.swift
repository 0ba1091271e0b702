import Synchronization

/// A value that comes later, once, and that many may wait for, each as long as it likes.
final class Answer<Value: Sendable>: Sendable {
    private enum Waiter {
        case waiting(CheckedContinuation<Value?, Never>)
        /// Gave up before its continuation was there.
        case gone
    }

    private struct State {
        var value: Value?
        var waiters: [Int: Waiter] = [:]
        var nextId = 0
    }

    private let state = Mutex(State())

    func fulfil(_ value: Value) {
        let waiters = state.withLock { state in
            state.value = value
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for case .waiting(let continuation) in waiters { continuation.resume(returning: value) }
    }

    /// Waits for the value.
    /// - Returns: nil when the deadline passed or the task was cancelled first.
    func value(until deadline: ContinuousClock.Instant) async -> Value? {
        let id = state.withLock { state in
            defer { state.nextId += 1 }
            return state.nextId
        }
        let timer = Task {
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
            giveUp(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait(id, $0) }
        } onCancel: {
            giveUp(id)
        }
    }

    private func wait(_ id: Int, _ continuation: CheckedContinuation<Value?, Never>) {
        let isOver = state.withLock { state in
            if state.value != nil || state.waiters[id] != nil { return true }
            state.waiters[id] = .waiting(continuation)
            return false
        }
        if isOver { continuation.resume(returning: state.withLock { $0.value }) }
    }

    private func giveUp(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.value == nil else { return nil }
            return state.waiters.updateValue(.gone, forKey: id)
        }
        if case .waiting(let continuation) = waiter { continuation.resume(returning: nil) }
    }
}
