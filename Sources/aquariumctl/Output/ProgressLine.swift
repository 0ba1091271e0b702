import IPC
import Synchronization

/// What an operation tells of its progress: one line on the terminal, drawn over as it changes. Where no person
/// looks, nothing.
final class ProgressLine: Sendable {
    private let console: Console
    private let isDrawn = Mutex(false)

    init(_ console: Console) {
        self.console = console
    }

    func show(_ progress: Progress) {
        guard console.errIsTerminal else { return }
        let percent = progress.fraction.map { "\(Int(min(max($0, 0), 1) * 100)) % " } ?? ""
        let line = (percent + Printable.text(progress.step)).prefix(console.size().columns - 1)
        isDrawn.withLock { $0 = true }
        console.err(Array("\r\u{1b}[K\(line)".utf8))
    }

    /// Takes the line away before something else is printed.
    func end() {
        let wasDrawn = isDrawn.withLock { isDrawn in
            defer { isDrawn = false }
            return isDrawn
        }
        guard wasDrawn else { return }
        console.err(Array("\r\u{1b}[K".utf8))
    }
}
