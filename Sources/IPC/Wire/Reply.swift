import NIOCore

/// The lines that go out.
enum Reply {
    /// - Parameter value: JSON text.
    static func result(_ id: RequestID, _ value: ByteBuffer, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        line(allocator, capacity: value.readableBytes) { line in
            line.writeStaticString(#"{"jsonrpc":"2.0","id":"#)
            line.writeString(id.json)
            line.writeStaticString(#","result":"#)
            line.writeImmutableBuffer(value)
            line.writeStaticString("}\n")
        }
    }

    static func failure(_ id: RequestID, _ problem: Problem, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        line(allocator, capacity: 256) { line in
            line.writeStaticString(#"{"jsonrpc":"2.0","id":"#)
            line.writeString(id.json)
            line.writeStaticString(#","error":"#)
            line.writeBytes(problem.json.bytes)
            line.writeStaticString("}\n")
        }
    }

    static func progress(
        _ id: RequestID, _ progress: Progress, sequence: Int, _ allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        let step = JSON.string(progress.step).bytes
        return line(allocator, capacity: 128) { line in
            line.writeString(#"{"jsonrpc":"2.0","method":"$/progress","params":{"id":"#)
            line.writeString(id.json)
            line.writeString(#","seq":\#(sequence),"step":"#)
            line.writeBytes(step)
            if let fraction = progress.fraction { line.writeString(#","fraction":\#(fraction)"#) }
            line.writeStaticString("}}\n")
        }
    }

    private static func line(
        _ allocator: ByteBufferAllocator, capacity: Int, _ write: (inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        var line = allocator.buffer(capacity: capacity + 64)
        write(&line)
        return line
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
