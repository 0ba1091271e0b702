import Glibc

/// The last lines of the tools' output, also after a restart.
final class LogTail: Sendable {
    static let lineCount = 200
    /// How much more than the last lines the file may hold before it is cut back to them.
    private static let fileSlack = 256 << 10

    private struct State {
        var lines: [String]
        /// Bytes written since the file was cut back.
        var slack: Int
    }
    private let path: String
    private let state: Shared<State>

    init(_ path: String) {
        self.path = path
        let text = (try? HostFiles().text(path)) ?? ""
        let lines = text.split(separator: "\n").suffix(Self.lineCount).map(String.init)
        state = Shared(State(lines: lines, slack: text.utf8.count))
    }

    var lines: [String] { state.change { $0.lines } }

    func append(_ line: String) {
        let line = CephKeys.hidden(in: line)
        state.change { state in
            state.lines.append(line)
            if state.lines.count > Self.lineCount { state.lines.removeFirst(state.lines.count - Self.lineCount) }
            state.slack += line.utf8.count + 1
            if state.slack > Self.fileSlack {
                state.slack = 0
                try? HostFiles().write(path, state.lines.map { $0 + "\n" }.joined(), mode: 0o600)
            } else {
                appendToFile(line)
            }
        }
    }

    func clear() {
        state.change { state in
            state = State(lines: [], slack: 0)
            try? HostFiles().remove(path)
        }
    }

    /// A line that can't be stored is still shown: the log is a help, not the record.
    private func appendToFile(_ line: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        _ = write(descriptor, bytes, bytes.count)
    }
}
