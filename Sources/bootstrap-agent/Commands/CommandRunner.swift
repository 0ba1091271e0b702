/// Runs programs; the only way in which this agent starts any. Tests put recorded outputs in its place.
protocol CommandRunner: Sendable {
    /// - Parameter onLine: called with each line of standard output and standard error as it comes.
    func run(
        _ command: Command, onLine: @escaping @Sendable (String) -> Void
    ) async throws(CommandFailure) -> CommandResult
}

extension CommandRunner {
    func run(_ command: Command) async throws(CommandFailure) -> CommandResult {
        try await run(command, onLine: { _ in })
    }
}
