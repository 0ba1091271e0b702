import IPC
import NIOCore
import NIOHTTP1

extension Problem {
    /// As `application/problem+json` (RFC 9457).
    var response: Response { response(kind.status) }

    func response(_ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:]) -> Response {
        var headers = headers
        headers.add(name: "Content-Type", value: "application/problem+json")
        if status == .serviceUnavailable { headers.add(name: "Retry-After", value: "1") }
        return Response(status, headers, body: .bytes(ByteBuffer(bytes: document(status).bytes)))
    }

    /// The members of RFC 9457, and beside them those of a `Problem`. The kind is what a program should look at.
    func document(_ status: HTTPResponseStatus) -> JSON {
        .object([
            ("type", "about:blank"), ("title", .string(status.reasonPhrase)), ("status", .integer(Int64(status.code))),
            ("detail", .string(message)), ("kind", .string(kind.rawValue)), ("hint", hint.map(JSON.string)),
            ("retryable", .bool(retryable)), ("pointer", pointer.map(JSON.string)),
            ("incident", incident.map(JSON.string)),
        ])
    }
}

extension Problem.Kind {
    /// The one place where kinds become statuses.
    var status: HTTPResponseStatus {
        switch self {
        case .parse, .requestInvalid, .paramsInvalid: .badRequest
        case .forbidden, .peerRefused: .forbidden
        case .methodUnknown, .routeUnknown, .childUnknown, .operationUnknown: .notFound
        case .opConflict, .operationEnded, .operationUnstoppable, .clusterAbsent, .bootstrapRunning, .bootstrapDone, .bootstrapNotFailed, .requirementBlocking,
            .diskMoved, .diskUnusable: .conflict
        case .requestTooLarge: .payloadTooLarge
        case .contentTypeUnsupported: .unsupportedMediaType
        case .bug, .unknown, .stepFailed, .clusterRefused, .cancelled, .opInterrupted: .internalServerError
        case .busy, .stateUnwritable, .agentUnavailable, .agentCrashLoop, .clusterUnreachable, .mgrUnavailable: .serviceUnavailable
        case .deadline: .gatewayTimeout
        }
    }
}
