import Testing

@testable import supervisor

struct SocketsTests {
    @Test(
        "an address that can't be served on is refused before any socket is made, in words",
        arguments: [
            ("0.0.0.0:0", "no accounts"), ("[::]:0", "no accounts"), ("localhost:0", "127.0.0.1:8080"),
        ])
    func refused(_ listen: String, _ why: String) {
        let front = ChildSpec(name: "front", program: "front", user: .root, socket: .tcp("http"), mayCall: [])
        #expect {
            try Sockets(for: [front], in: "/nonexistent/run", listen: listen, group: nil)
        } throws: { error in
            let text = (error as? SocketFailure)?.description ?? ""
            return text.contains("\"listen\"") && text.contains(listen) && text.contains(why)
        }
    }
}
