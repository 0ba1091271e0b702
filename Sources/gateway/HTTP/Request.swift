import NIOCore
import NIOHTTP1

/// What was asked for. The body is there only for a route that takes one.
struct Request: Sendable {
    let method: HTTPMethod
    /// As it was sent: nothing is unescaped, so that there is one way to write a path.
    let path: String
    /// Behind the question mark; nil where there is none.
    let query: String?
    let headers: HTTPHeaders
    /// The host that the target names; nil where it is a path alone.
    private let host: String?
    var body = ByteBuffer()

    init(_ head: HTTPRequestHead) {
        method = head.method
        headers = Self.trimmed(head.headers)
        let (host, target) = Self.split(head.uri)
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        let path = target[..<(mark ?? target.endIndex)]
        self.host = host
        self.path = path.isEmpty ? "/" : String(path)
        query = mark.map { String(target[target.utf8.index(after: $0)...]) }
    }

    /// `http://storage1/api/hosts`, which proxies send, names a host in place of the header's (RFC 9112, 3.2.2).
    private static func split(_ target: String) -> (host: String?, rest: Substring) {
        guard target.utf8.first != UInt8(ascii: "/"), target.prefix(7).lowercased() == "http://" else {
            return (nil, target[...])
        }
        let rest = target.dropFirst(7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        return (String(rest[..<end]), rest[end...])
    }

    /// The parser leaves the white space behind a value, which is no part of it (RFC 9110, 5.5).
    private static func trimmed(_ headers: HTTPHeaders) -> HTTPHeaders {
        guard headers.contains(where: { $0.value.utf8.last.map(isSpace) ?? false }) else { return headers }
        return HTTPHeaders(
            headers.map { name, value in
                let end = value.utf8.lastIndex { !isSpace($0) }
                return (name, end.map { String(value[...$0]) } ?? "")
            })
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// The one `Host`; nil for none or several.
    var authority: String? {
        let hosts = headers["host"]
        guard hosts.count == 1 else { return nil }
        let authority = host ?? hosts[0]
        return authority.isEmpty ? nil : authority
    }

    /// How large its body is said to be, at most what a number can tell; nil where only its end will tell.
    var contentLength: Int? { headers.first(name: "content-length").map { Int($0) ?? .max } }

    /// Whether the client waits to be told that its body is wanted.
    var isBodyHeldBack: Bool {
        announcesBody && headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    var announcesBody: Bool { headers.contains(name: "transfer-encoding") || ![nil, 0].contains(contentLength) }
}
