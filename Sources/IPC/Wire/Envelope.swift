import Glibc
import NIOCore

/// An id as its sender wrote it: the JSON text of a number, a string or null.
struct RequestID: Sendable {
    let json: String
    static let null = RequestID(json: "null")
    static let maxLength = 128
}

/// By bytes: Swift takes two texts for one that differ in how they compose their letters.
extension RequestID: Hashable {
    static func == (a: RequestID, b: RequestID) -> Bool { a.json.utf8.elementsEqual(b.json.utf8) }

    func hash(into hasher: inout Hasher) {
        var json = json
        json.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// One message of the protocol, its payload left where it lies in the line.
struct Envelope {
    enum Message {
        /// `id` is nil for a notification.
        case call(id: RequestID?, method: String, params: Range<Int>?, meta: Meta)
        case result(id: RequestID, Range<Int>)
        case failure(id: RequestID, Range<Int>)
    }

    /// Why something is no message, and the id it belongs to if that could be read; nil for a notification, which is
    /// never answered.
    struct Refusal: Error {
        let problem: Problem
        var id: RequestID? = .null
    }

    /// What stands on one line.
    enum Line {
        case single(Result<Message, Refusal>)
        /// An array of at least one and at most `maxBatch` requests.
        case batch([Result<Message, Refusal>])
    }

    static let maxBatch = 256

    /// - Throws: `Refusal` of the whole line.
    static func readLine(_ line: ByteBuffer) throws(Refusal) -> Line {
        try line.withUnsafeReadableBytesTyped { bytes throws(Refusal) in
            var scanner = JSONScanner(bytes)
            var messages: [Result<Message, Refusal>] = []
            var count = 0
            let isBatch = scanner.peek() == UInt8(ascii: "[")
            do throws(JSONScanner.Malformed) {
                guard isBatch else {
                    let message = try message(&scanner)
                    try scanner.end()
                    return .single(message)
                }
                try scanner.array { scanner throws(JSONScanner.Malformed) in
                    count += 1
                    if count > maxBatch { try scanner.skipValue() } else { messages.append(try message(&scanner)) }
                }
                try scanner.end()
            } catch {
                throw Refusal(problem: malformed(error))
            }
            guard (1...maxBatch).contains(count) else { throw Refusal(problem: batchSize(count)) }
            return .batch(messages)
        }
    }

    /// The same for a line that holds one message.
    static func read(_ line: ByteBuffer) throws(Refusal) -> Message {
        guard case .single(let message) = try readLine(line) else {
            throw Refusal(problem: Problem(.requestInvalid, "A batch is not expected here."))
        }
        return try message.get()
    }

    private static func message(
        _ scanner: inout JSONScanner
    ) throws(JSONScanner.Malformed) -> Result<Message, Refusal> {
        guard scanner.peek() == UInt8(ascii: "{") else {
            try scanner.skipValue()
            return .failure(Refusal(problem: Problem(.requestInvalid, "A request is a JSON object.")))
        }
        var members = Members()
        try scanner.object { scanner, key throws(JSONScanner.Malformed) in try members.take(key, &scanner) }
        do throws(Refusal) {
            return .success(try members.message(scanner.bytes))
        } catch {
            return .failure(error)
        }
    }

    private static func malformed(_ reason: JSONScanner.Malformed) -> Problem {
        Problem(
            .parse, "The line is not valid JSON: \(reason.reason) (byte \(reason.offset)).",
            hint: "Send one JSON value per line, in UTF-8.")
    }

    private static func batchSize(_ count: Int) -> Problem {
        count == 0
            ? Problem(.requestInvalid, "A batch holds one request at least.")
            : Problem(
                .requestTooLarge, "A batch holds \(maxBatch) requests at most, not \(count).",
                hint: "Send them in several batches.")
    }
}

/// The members of the outermost object that the protocol knows.
private struct Members {
    private var version: Range<Int>?
    private var id: Range<Int>?
    private var method: Range<Int>?
    private var params: Range<Int>?
    private var meta: Range<Int>?
    private var result: Range<Int>?
    private var error: Range<Int>?

    mutating func take(_ key: Range<Int>, _ scanner: inout JSONScanner) throws(JSONScanner.Malformed) {
        let name = scanner.bytes[key]
        let value = try scanner.skipValue()
        switch name.count {
        case 2 where name.equals("id"): id = value
        case 4 where name.equals("meta"): meta = value
        case 5 where name.equals("error"): error = value
        case 6 where name.equals("method"): method = value
        case 6 where name.equals("params"): params = value
        case 6 where name.equals("result"): result = value
        case 7 where name.equals("jsonrpc"): version = value
        default: break
        }
    }

    func message(_ bytes: UnsafeRawBufferPointer) throws(Envelope.Refusal) -> Envelope.Message {
        let id = try requestID(bytes)
        if let version, !bytes[version].elementsEqual("\"2.0\"".utf8) { throw refused("jsonrpc must be \"2.0\"", id) }
        if let result { return .result(id: id ?? .null, result) }
        if let error { return .failure(id: id ?? .null, error) }
        guard let method, bytes[method].first == UInt8(ascii: "\"") else {
            throw refused("method must be a string", id)
        }
        if let params, bytes[params].first != UInt8(ascii: "{") {
            throw Envelope.Refusal(
                problem: Problem(.paramsInvalid, "params must be an object: parameters go by name.", pointer: ""),
                id: id ?? (version == nil ? .null : nil))
        }
        return .call(
            // A line without "jsonrpc" was typed by a person, who always wants to see an answer.
            id: id ?? (version == nil ? .null : nil),
            method: JSONText.unescape(bytes[method.inner]), params: params, meta: try readMeta(bytes, id))
    }

    private func requestID(_ bytes: UnsafeRawBufferPointer) throws(Envelope.Refusal) -> RequestID? {
        guard let id else { return nil }
        let first = bytes[id.lowerBound]
        guard first == UInt8(ascii: "\"") || first == UInt8(ascii: "-") || first == UInt8(ascii: "n") || first.isDigit,
            id.count <= RequestID.maxLength
        else { throw refused("id must be a number, a string of at most \(RequestID.maxLength) bytes, or null", nil) }
        return RequestID(json: String(decoding: bytes[id], as: UTF8.self))
    }

    private func readMeta(_ bytes: UnsafeRawBufferPointer, _ id: RequestID?) throws(Envelope.Refusal) -> Meta {
        guard let meta else { return Meta() }
        var out = Meta()
        var reason: String?
        do {
            var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[meta]))
            try scanner.object { scanner, key throws(JSONScanner.Malformed) in
                let name = scanner.bytes[key]
                let value = scanner.bytes[try scanner.skipValue()]
                if name.equals("deadline_ms") {
                    guard let number = Int(String(decoding: value, as: UTF8.self)), number > 0 else {
                        reason = "deadline_ms must be a positive integer"
                        return
                    }
                    out.deadlineMs = min(number, 24 * 3_600_000)
                } else if name.equals("op") {
                    out.op = value.string.flatMap { try? OperationKey($0) }
                    if out.op == nil { reason = "op must be a string that matches \(OperationKey.form.pattern)" }
                } else if name.equals("request") {
                    out.request = value.string.map { String($0.prefix(64)) }
                    if out.request == nil { reason = "request must be a string" }
                }
            }
        } catch {
            reason = "meta must be an object"
        }
        if let reason { throw refused(reason, id) }
        return out
    }

    private func refused(_ reason: String, _ id: RequestID?) -> Envelope.Refusal {
        Envelope.Refusal(
            problem: Problem(
                .requestInvalid, "This is not a JSON-RPC 2.0 request: \(reason).",
                hint: #"A request looks like {"jsonrpc":"2.0","id":1,"method":"rpc.discover"}."#),
            id: id ?? .null)
    }
}

extension Range<Int> {
    /// Without the quotes of a string.
    fileprivate var inner: Range<Int> { lowerBound + 1..<upperBound - 1 }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func equals(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount && memcmp(base.baseAddress! + startIndex, word.utf8Start, count) == 0
    }

    /// What a string's JSON text says; nil for another value.
    fileprivate var string: String? {
        first == UInt8(ascii: "\"") ? JSONText.unescape(self[startIndex + 1..<endIndex - 1]) : nil
    }
}

extension ByteBuffer {
    /// `withUnsafeReadableBytes` with typed throws.
    func withUnsafeReadableBytesTyped<T, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T {
        let result: Result<T, E> = withUnsafeReadableBytes { bytes in
            do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
