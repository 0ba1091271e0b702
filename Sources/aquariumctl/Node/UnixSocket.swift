import Glibc
import IPC

/// A plain connection to an agent's socket, for lines that go as they were typed, and to see why there is none.
struct UnixSocket: ~Copyable {
    private let descriptor: CInt

    /// - Throws: `agent.unavailable`, with the reason and what to do.
    init(_ path: String) throws(Problem) {
        descriptor = try Self.connected(to: path)
    }

    private static func connected(to path: String) throws(Problem) -> CInt {
        guard let address = UnixAddress(path) else {
            throw Problem(.agentUnavailable, "The path of the socket is too long: \(path)")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        limit(SO_SNDTIMEO, to: 30, of: descriptor)
        let code = address.use { connect(descriptor, $0, $1) == 0 ? 0 : errno }
        guard code == 0 else {
            close(descriptor)
            throw unreachable(path, code)
        }
        return descriptor
    }

    deinit { close(descriptor) }

    private struct Refusal: Decodable { let error: Problem }

    /// Why a call could not be made: no connection, or one that the agent refuses with a line before it reads any.
    /// - Returns: nil if somebody listens there and takes connections.
    static func whyUnreachable(_ path: String) -> Problem? {
        do {
            let socket = try UnixSocket(path)
            socket.finish()
            var refusal: Problem?
            try socket.receive(within: 2) {
                refusal = try WireCoding.decode(Refusal.self, from: Array($0.utf8)).error
            }
            return refusal
        } catch {
            return error as? Problem
        }
    }

    private static func unreachable(_ path: String, _ code: CInt) -> Problem {
        switch code {
        case EACCES, EPERM:
            Problem(
                .agentUnavailable, "You may not open \(path): permission denied.",
                hint: "The appliance's sockets are for root: run as root (sudo aquariumctl …).")
        case ENOENT, ENOTDIR:
            Problem(
                .agentUnavailable, "There is no socket \(path).",
                hint: "Is aquarium.service running? systemctl status aquarium. Sockets elsewhere: --run-dir DIR.")
        case ECONNREFUSED:
            Problem(
                .agentUnavailable, "Nobody listens on \(path): connection refused.",
                hint: "Is aquarium.service running? systemctl status aquarium", retryable: true)
        default:
            Problem(
                .agentUnavailable, "No connection to \(path): \(String(cString: strerror(code))).",
                hint: "Is aquarium.service running? systemctl status aquarium", retryable: true)
        }
    }

    /// Sends a line and says that no more will come.
    func send(_ line: String) {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // Refused already: the reply says why.
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        finish()
    }

    private func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Gives each line until the agent closes.
    /// - Throws: `deadline` when nothing came for `seconds`, and what `line` throws.
    func receive(within seconds: Double, _ line: (String) throws -> Void) throws {
        Self.limit(SO_RCVTIMEO, to: seconds, of: descriptor)
        var (pending, chunk): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 65536))
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                throw Problem(
                    .deadline, "No answer within \(seconds) s.", hint: "Allow more time with --deadline SECONDS.",
                    retryable: true)
            }
            guard count > 0 else { break }
            pending += chunk[..<count]
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                try line(String(decoding: pending[..<end], as: UTF8.self))
                pending.removeSubrange(...end)
            }
        }
        if !pending.isEmpty { try line(String(decoding: pending, as: UTF8.self)) }
    }

    /// How long one call of the system may take that connects or sends (SO_SNDTIMEO), or receives (SO_RCVTIMEO).
    private static func limit(_ option: CInt, to seconds: Double, of descriptor: CInt) {
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(seconds.truncatingRemainder(dividingBy: 1) * 1e6))
        setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}
