import Glibc

@testable import orch_agent

/// A program started by a test. (Foundation's `Process` takes a program for running while a daemon that it left behind
/// runs, which is what lab/local-cluster is for.)
final class ChildProcess: Sendable {
    private let pid: pid_t
    private let status = Answer<CInt>()

    /// - Parameter output: the file that takes its standard output and error.
    init(_ arguments: [String], output: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, arguments[0], &actions, nil, &words, environ)
        guard code == 0 else { throw RadosError(call: "posix_spawn", code: code, text: arguments[0]) }
        self.pid = pid
        _ = Thread.detach { [pid, status] in
            var result: CInt = 0
            while waitpid(pid, &result, 0) == -1, errno == EINTR {}
            status.fulfil(result)
        }
    }

    var isRunning: Bool { kill(pid, 0) == 0 }

    func terminate() { kill(pid, SIGTERM) }

    /// Waits for its end, which takes at most 100 seconds: it is killed then.
    /// - Returns: the exit code, or the negative number of the signal that ended it.
    func end() async -> CInt {
        var result = await status.value(until: .now + .seconds(100))
        if result == nil {
            kill(pid, SIGKILL)
            result = await status.value(until: .now + .seconds(100))
        }
        guard let result else { return -SIGKILL }
        return result & 0x7f == 0 ? (result >> 8) & 0xff : -(result & 0x7f)
    }
}
