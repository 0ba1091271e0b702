import FoundationEssentials
import Glibc
import Synchronization

/// Where a command writes to: results to `out`, all that is said about them to `err`.
struct Console: Sendable {
    /// - Throws: `OutputClosed`.
    let out: @Sendable ([UInt8]) throws -> Void
    let err: @Sendable ([UInt8]) -> Void
    /// Whether a person sees `out`, so that it can be drawn over, and may be coloured.
    let outIsTerminal: Bool
    let errIsTerminal: Bool
    /// NO_COLOR (https://no-color.org) is not set.
    let allowsColor: Bool
    /// The width and height of the terminal, asked anew each time as it may change.
    let size: @Sendable () -> (columns: Int, rows: Int)

    @TaskLocal static var current = Console.standard

    static let standard = Console(
        out: { bytes in
            guard write(bytes, to: STDOUT_FILENO) else { throw OutputClosed() }
        },
        err: { bytes in _ = write(bytes, to: STDERR_FILENO) },
        outIsTerminal: isTerminal(STDOUT_FILENO), errIsTerminal: isTerminal(STDERR_FILENO),
        allowsColor: ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty,
        size: {
            var size = winsize()
            let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
            return known ? (Int(size.ws_col), Int(size.ws_row)) : (80, 24)
        })

    func print(_ text: String) throws {
        try out(Array(text.utf8) + [UInt8(ascii: "\n")])
    }

    func print(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        try print(lines.joined(separator: "\n"))
    }

    func error(_ lines: [String]) {
        err(Array(lines.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")])
    }

    func bold(_ text: String) -> String { outIsTerminal && allowsColor ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    /// For `err`.
    func red(_ text: String) -> String { errIsTerminal && allowsColor ? "\u{1b}[31m\(text)\u{1b}[0m" : text }

    /// One that can be drawn on.
    private static func isTerminal(_ descriptor: CInt) -> Bool {
        isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Whoever read the output has gone: nothing is left to be said, and nobody to say it to.
struct OutputClosed: Error {}

/// The command has failed and has said all about it.
struct Failed: Error {}
