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

    func logs(_ request: SupervisorLogs, _: Call) async throws -> SupervisorLogs.Response {
        let count = request.lines?.value ?? ChildLog.kept
        return SupervisorLogs.Response(lines: try await supervision.log(of: request.name, last: count))
    }
}
