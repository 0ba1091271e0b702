import CLaunch
import Glibc
import Synchronization

@testable import supervisor

/// A launched child, as /proc shows it; killed and reaped when the test is over.
final class TestProcess {
    let pid: pid_t
    private let pidfd: CInt

    init(_ request: LaunchRequest) throws {
        let process = try request.launch()
        (pid, pidfd) = (process.pid, process.pidfd)
    }

    deinit {
        _ = pidfd_signal(pidfd, SIGKILL)
        _ = end()
        close(pidfd)
    }

    func signal(_ number: CInt) {
        _ = pidfd_signal(pidfd, number)
    }

    var hasEnded: Bool {
        var state = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) == 1
    }

    /// How it ended; waits for that for at most 20 s.
    func end() -> ProcessExit? {
        var state = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        var code: CInt = 0
        var signal: CInt = 0
        guard poll(&state, 1, 20_000) == 1, pidfd_reap(pidfd, &code, &signal) else { return nil }
        return signal == 0 ? .code(Int(code)) : .signal(signal)
    }

    func status(_ field: String) -> String? { Self.status(field, of: pid) }

    static func status(_ field: String, of pid: pid_t) -> String? {
        readLines("/proc/\(pid)/status").first { $0.hasPrefix(field + ":") }
            .map { $0.dropFirst(field.count + 1).split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    }

    func file(_ name: String) -> [String] { readLines("/proc/\(pid)/\(name)") }

    func strings(_ name: String) -> [String] {
        file(name).joined(separator: "\n").split(separator: "\0").map(String.init)
    }

    func fds() -> [CInt: String] {
        var found: [CInt: String] = [:]
        for fd in CInt(0)..<1024 {
            var target = [CChar](repeating: 0, count: 256)
            let length = readlink("/proc/\(pid)/fd/\(fd)", &target, target.count - 1)
            guard length > 0 else { continue }
            found[fd] = String(decoding: target[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return found
    }
}

func readLines(_ path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

/// Runs `body` on a thread of its own, and returns when that thread is gone.
func onThreadThatEnds(_ body: @escaping @Sendable () throws -> Void) throws {
    final class Work: @unchecked Sendable {
        let body: @Sendable () throws -> Void
        var failure: (any Error)?
        init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }
    }
    let work = Work(body)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(work).toOpaque()
    pthread_create(
        &thread, nil,
        { context in
            let work = Unmanaged<Work>.fromOpaque(context!).takeRetainedValue()
            do { try work.body() } catch { work.failure = error }
            return nil
        }, context)
    pthread_join(thread, nil)
    if let failure = work.failure { throw failure }
}
