import IPC

/// What the supervisor answers on its own socket.
struct SupervisorService: SupervisorAPI {
    let supervision: Supervision

    func status(_: SupervisorStatus, _: Call) async throws -> SupervisorStatus.Response {
        SupervisorStatus.Response(children: await supervision.children)
    }

    func restart(_ request: SupervisorRestart, _: Call) async throws -> SupervisorRestart.Response {
        try await supervision.restart(request.name)
    }

    func resumeRestart(_ request: SupervisorRestart, _: Call) async throws -> SupervisorRestart.Response {
        try await supervision.started(request.name)
    }

    func logs(_ request: SupervisorLogs, _: Call) async throws -> SupervisorLogs.Response {
        try await supervision.log(
            of: request.name, after: request.after, most: request.lines?.value ?? ChildLog.kept,
            waiting: .milliseconds(request.waitMs?.value ?? 0))
    }
}
