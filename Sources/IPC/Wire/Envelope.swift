import Glibc
import NIOCore

/// An id as its sender wrote it: the JSON text of a number, a string or null.
struct RequestID: Hashable, Sendable {
    let json: String
    static let null = RequestID(json: "null")
    static let maxLength = 128
}

/// One message of the protocol, its payload left where it lies in the line.
struct Envelope {
    enum Message {
        /// `id` is nil for a notification.
        case call(id: RequestID?, method: String, params: Range<Int>?, meta: Meta)
        case result(id: RequestID, Range<Int>)
        case failure(id: RequestID, Range<Int>)
    }

    /// Why a line is no message, and the id it belongs to if that could be read.
    struct Refusal: Error {
        let problem: Problem
        var id = RequestID.null
    }

    /// - Throws: `Refusal` with kind `request.malformed` or `request.invalid`.
    static func read(_ line: ByteBuffer) throws(Refusal) -> Message {
        try line.withUnsafeReadableBytesTyped { bytes throws(Refusal) in
            do {
                var members = Members()
                var scanner = JSONScanner(bytes)
                guard scanner.peek() == UInt8(ascii: "{") else {
                    try scanner.skipValue()
                    try scanner.end()
                    throw Refusal(problem: Problem(.requestInvalid, "A request is a JSON object."))
                }
                try scanner.object { scanner, key throws(JSONScanner.Malformed) in
                    try members.take(key, &scanner)
                }
                try scanner.end()
                return try members.message(bytes)
            } catch let malformed as JSONScanner.Malformed {
                throw Refusal(
                    problem: Problem(
                        .parse, "The line is not valid JSON: \(malformed.reason) (byte \(malformed.offset)).",
                        hint: "Send one JSON value per line, in UTF-8."))
            } catch let refusal as Refusal {
                throw refusal
            } catch {
                throw Refusal(problem: Problem(.parse, "The line could not be read."))
            }
        }
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
        if name.equals("jsonrpc") { version = value }
        else if name.equals("id") { id = value }
        else if name.equals("method") { method = value }
        else if name.equals("params") { params = value }
        else if name.equals("meta") { meta = value }
        else if name.equals("result") { result = value }
        else if name.equals("error") { error = value }
    }

    func message(_ bytes: UnsafeRawBufferPointer) throws(Envelope.Refusal) -> Envelope.Message {
        let id = try requestID(bytes)
        if let version, !bytes[version].elementsEqual("\"2.0\"".utf8) { throw refused("jsonrpc must be \"2.0\"", id) }
        if let result { return .result(id: id ?? .null, result) }
        if let error { return .failure(id: id ?? .null, error) }
        guard let method, bytes[method].first == UInt8(ascii: "\"") else { throw refused("method must be a string", id) }
        if let params, bytes[params].first != UInt8(ascii: "{") {
            throw Envelope.Refusal(
                problem: Problem(.paramsInvalid, "params must be an object: parameters go by name.", pointer: ""),
                id: id ?? .null)
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
                    if out.op == nil { reason = "op must be a string that matches \(OperationKey.pattern ?? "")" }
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
