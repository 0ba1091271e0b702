import Dispatch
import Glibc

/// A client that knows nothing of the protocol. What it waits for it waits for on a thread of its own: a test that blocked
/// one of the few that all tasks share could keep the very answer from coming.
struct RawSocket: Sendable {
    struct Failure: Error { let step: String }
    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw Failure(step: "connect") }
    }

    /// Sends all, says that no more will come, and reads until the agent closes.
    func exchange(_ text: String) async throws -> String {
        defer { end() }
        return try await Self.onThread {
            // A server that refuses closes before all was sent.
            try? send(text)
            finishSending()
            return try receiveAll()
        }
    }

    /// One line, without its end.
    func readLine() async throws -> String { try await Self.onThread { try receiveLine() } }

    func readAll() async throws -> String { try await Self.onThread { try receiveAll() } }

    private static func onThread(_ body: @escaping @Sendable () throws -> String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func end() { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(step: "send: \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    private func receiveLine() throws -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        throw Failure(step: "recv: no line")
    }

    private func receiveAll() throws -> String {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == ECONNRESET { break }
            guard count >= 0 else { throw Failure(step: "recv: \(errno)") }
            if count == 0 { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
