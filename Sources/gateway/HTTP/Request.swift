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
    var body = ByteBuffer()

    init(_ head: HTTPRequestHead) {
        method = head.method
        headers = head.headers
        let mark = head.uri.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = mark.map { String(head.uri[..<$0]) } ?? head.uri
        query = mark.map { String(head.uri[head.uri.utf8.index(after: $0)...]) }
    }

    /// The one `Host`; nil for none or several.
    var authority: String? {
        let hosts = headers["host"]
        return hosts.count == 1 && !hosts[0].isEmpty ? hosts[0] : nil
    }

    /// How large its body is said to be; nil where only its end will tell.
    var contentLength: Int? { headers.first(name: "content-length").flatMap { Int($0) } }

    /// Whether the client waits to be told that its body is wanted.
    var isBodyHeldBack: Bool {
        announcesBody && headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    var announcesBody: Bool { headers.contains(name: "transfer-encoding") || ![nil, 0].contains(contentLength) }
}
