import IPC
import NIOCore
import NIOHTTP1

/// One request and what becomes of it. Only on its connection's event loop.
final class Exchange {
    var request: Request
    /// Follows the request through the log of every process it passes.
    let id: String
    /// The client's address.
    let peer: String
    let loop: any EventLoop
    let version: HTTPVersion
    let start = NIODeadline.now()
    /// Whether the connection ends with it.
    var isLast: Bool
    /// Ends the work on the answer when its client has gone.
    var cancel: (() -> Void)?

    init(_ head: HTTPRequestHead, peer: String, on loop: any EventLoop) {
        request = Request(head)
        let given = request.headers.first(name: "x-request-id")
        id = given.flatMap { Self.isValid($0) ? $0 : nil } ?? RequestName.next()
        self.peer = peer
        self.loop = loop
        version = head.version == .http1_0 ? .http1_0 : .http1_1
        // NIO's parser reads no further than a request for another protocol, which is answered as if it were none.
        let isUpgrade = head.method == .CONNECT || head.headers.contains(name: "upgrade")
        isLast = version == .http1_0 || !head.isKeepAlive || isUpgrade
    }

    private static func isValid(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
