import IPC

/// Runs `body` until it ends, or the person presses Ctrl-C (or SIGTERM comes): both are a good end for what goes on
/// for as long as somebody looks.
func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await body() }
        group.addTask { await Termination.wait() }
        defer { group.cancelAll() }
        try await group.next()
    }
}
