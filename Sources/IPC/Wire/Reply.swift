import NIOCore

/// What answers one request.
struct Reply {
    enum Body {
        /// JSON text.
        case result(ByteBuffer)
        case failure(Problem)
    }

    let id: RequestID
    let body: Body

    static func failure(_ id: RequestID, _ problem: Problem) -> Reply { Reply(id: id, body: .failure(problem)) }

    /// Appends its JSON text, without an end of line.
    func write(to out: inout ByteBuffer) {
        out.writeStaticString(#"{"jsonrpc":"2.0","id":"#)
        out.writeString(id.json)
        switch body {
        case .result(let value):
            out.writeStaticString(#","result":"#)
            out.writeImmutableBuffer(value)
        case .failure(let problem):
            out.writeStaticString(#","error":"#)
            out.writeBytes(problem.json.bytes)
        }
        out.writeStaticString("}")
    }

    /// The same as a line of its own.
    var line: ByteBuffer {
        var line = ByteBuffer()
        write(to: &line)
        line.writeStaticString("\n")
        return line
    }
}

extension Progress {
    /// Appends the line of its notification.
    func write(of id: RequestID, sequence: Int, to out: inout ByteBuffer) {
        out.writeStaticString(#"{"jsonrpc":"2.0","method":"$/progress","params":{"id":"#)
        out.writeString(id.json)
        out.writeString(#","seq":\#(sequence),"step":"#)
        out.writeBytes(JSON.string(step).bytes)
        if let fraction { out.writeString(#","fraction":\#(fraction)"#) }
        out.writeStaticString("}}\n")
    }
}

extension Problem {
    /// As it stands in a reply's `error`.
    var json: JSON {
        [
            "code": .integer(Int64(kind.code)),
            "message": .string(message),
            "data": .object([
                ("kind", .string(kind.rawValue)), ("hint", hint.map(JSON.string)), ("retryable", .bool(retryable)),
                ("pointer", pointer.map(JSON.string)), ("incident", incident.map(JSON.string)),
            ]),
        ]
    }
}
