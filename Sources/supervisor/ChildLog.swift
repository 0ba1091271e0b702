import Glibc
import IPC

/// What one child writes to its stdout and stderr, through all its lives: the pipe stays open when the child dies,
/// so that nothing it wrote last is lost.
struct ChildLog {
    static let kept = 200

    /// The child's program, as it calls itself in its own events.
    let component: String
    let readEnd: CInt
    /// For the child. Held here too, so that the pipe never ends.
    let writeEnd: CInt
    /// The last `kept` lines, oldest first.
    private(set) var lines: [String] = []
    /// How many lines there have been.
    private(set) var count = 0
    private var splitter = LineSplitter()

    /// Some lines of the log.
    struct Page: Equatable {
        var lines: [String] = []
        /// The cursor after the last of them: how many lines there have been up to it.
        var next = 0
        /// How many lines there were between the cursor that was asked for and the first of them, which are gone.
        var missed = 0
    }

    init(component: String) throws {
        self.component = component
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SocketFailure("pipe", errno: errno) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The reading end alone: a child that writes faster than is read has to wait, not to lose lines.
        _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
    }

    /// Reads what is there, one buffer at a time.
    /// - Returns: the events for the log, whole lines of JSON.
    mutating func read() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Glibc.read(readEnd, &buffer, buffer.count)
        guard count > 0 else { return [] }
        return keep(splitter.split(buffer[..<count]))
    }

    /// The child has ended: what it wrote of a line is a line, not the beginning of its next life's first.
    mutating func childEnded() -> [UInt8] {
        keep(splitter.rest())
    }

    func hasLines(after cursor: Int) -> Bool { !page(after: cursor, most: 1).lines.isEmpty }

    /// - Parameters:
    ///   - cursor: the first lines after it; nil: the last lines of all. One that is ahead of the log stems from before
    ///     the supervisor's own restart: then the log is given from its beginning.
    func page(after cursor: Int?, most: Int) -> Page {
        guard let cursor else { return Page(lines: lines.suffix(most), next: count) }
        let oldest = count - lines.count
        let asked = cursor > count ? 0 : cursor
        let first = max(asked, oldest)
        let found = lines.dropFirst(first - oldest).prefix(most)
        return Page(lines: Array(found), next: first + found.count, missed: first - asked)
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

/// Bytes into lines. A line that is too long comes in pieces.
struct LineSplitter {
    static let longest = 16 << 10

    private var partial: [UInt8] = []

    mutating func split(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { partial.append(byte) }
            if byte == UInt8(ascii: "\n") || partial.count == Self.longest { lines += rest() }
        }
        return lines
    }

    /// What has come of a line that has not ended; empty lines are left out.
    mutating func rest() -> [[UInt8]] {
        defer { partial.removeAll(keepingCapacity: true) }
        return partial.isEmpty ? [] : [partial]
    }
}
