import Glibc
import IPC

/// What one child writes to its stdout and stderr, through all its lives. Each process of it has a pipe of its own, so
/// that two that serve side by side can't end each other's lines; it is read to its end, also when the process is dead.
struct ChildLog {
    static let kept = 200
    /// More pipes than these are held by what the child's processes have left behind: the oldest is given up.
    private static let mostPipes = 16

    /// The child's program, as it calls itself in its own events.
    let component: String
    /// The last `kept` lines, oldest first.
    private(set) var lines: [String] = []
    /// How many lines there have been.
    private(set) var count = 0
    private let name = String(UInt64.random(in: .min ... .max), radix: 36)
    private var pipes: [Pipe] = []

    private struct Pipe {
        let readEnd: CInt
        var splitter = LineSplitter()
    }

    init(component: String) {
        self.component = component
    }

    // Pipes

    /// Makes the pipe of a process that is about to be launched.
    /// - Returns: the end to write to. It is the caller's, to be closed when the process has it: the pipe's end is that of
    ///   all who write to it.
    mutating func open() throws(LaunchFailure) -> CInt {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .step("pipe", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The reading end alone: a child that writes faster than is read has to wait, not to lose lines.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        if pipes.count == Self.mostPipes { close(pipes.removeFirst().readEnd) }
        pipes.append(Pipe(readEnd: ends[0]))
        return ends[1]
    }

    /// Each readable when there is something, or nobody writes there any more.
    var readEnds: [CInt] { pipes.map(\.readEnd) }

    /// Reads what is there, one buffer at a time.
    /// - Returns: the events for the log, whole lines of JSON; nil if nothing was there.
    mutating func read(_ end: CInt) -> [UInt8]? {
        guard let index = pipes.firstIndex(where: { $0.readEnd == end }) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Glibc.read(end, &buffer, buffer.count)
        if count > 0 { return keep(pipes[index].splitter.split(buffer[..<count])) }
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        close(end)
        var pipe = pipes.remove(at: index)
        // What was written of a line is a line.
        return keep(pipe.splitter.rest())
    }

    // Lines

    /// Some lines of the log.
    typealias Page = SupervisorLogs.Response

    func hasLines(after cursor: LogCursor) -> Bool { !page(after: cursor, most: 1).lines.isEmpty }

    /// - Parameter cursor: the first lines after it; nil: the last lines of all. One that is of another log stems from
    ///   before the supervisor's own restart: then the log is given from its beginning.
    func page(after cursor: LogCursor?, most: Int) -> Page {
        guard let cursor else { return page(lines.suffix(most), next: count, missed: 0) }
        let oldest = count - lines.count
        let isOurs = cursor.log == name
        let asked = isOurs ? min(cursor.lines, count) : 0
        let first = max(asked, oldest)
        let found = lines.dropFirst(first - oldest).prefix(most)
        return page(found, next: first + found.count, missed: first - asked, wasRestarted: !isOurs)
    }

    private func page(_ lines: ArraySlice<String>, next: Int, missed: Int, wasRestarted: Bool = false) -> Page {
        Page(
            lines: Array(lines), next: LogCursor(log: name, lines: next), missed: missed, wasRestarted: wasRestarted)
    }

    private mutating func keep(_ new: [[UInt8]]) -> [UInt8] {
        count += new.count
        lines = (lines + new.map { String(decoding: $0, as: UTF8.self) }).suffix(Self.kept)
        return new.flatMap { event($0) + [UInt8(ascii: "\n")] }
    }

    /// The child's own event stays as it is; any other line (a crash report, a library's complaint, an event in another
    /// process's name) becomes one.
    private func event(_ line: [UInt8]) -> [UInt8] {
        if Log.isEvent(line, of: component) { return line }
        let text = String(decoding: line, as: UTF8.self)
        let event: JSON = [
            "at": .string(Timestamp.now.text), "level": "notice", "component": .string(component),
            "message": .string(text),
        ]
        return event.bytes
    }
}
