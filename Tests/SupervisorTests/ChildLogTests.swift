import Glibc
import IPC
import Testing

@testable import supervisor

/// A child's log, and the processes that write to it.
private final class Child {
    var log: ChildLog
    private var ends: [CInt]

    init(component: String = "x") throws {
        log = ChildLog(component: component)
        ends = [try log.open()]
    }

    deinit { for end in ends + log.readEnds { close(end) } }

    /// Another process beside those there are.
    func start() throws { ends.append(try log.open()) }

    func end(_ process: Int = 0) { close(ends.remove(at: process)) }

    /// - Returns: the events that come of it.
    @discardableResult
    func says(_ text: String, process: Int = 0) -> [String] {
        let bytes = Array(text.utf8)
        #expect(write(ends[process], bytes, bytes.count) == bytes.count)
        return read()
    }

    @discardableResult
    func read() -> [String] {
        let events = log.readEnds.flatMap { log.read($0) ?? [] }
        return String(decoding: events, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func after(_ lines: Int) -> LogCursor { LogCursor(log: log.page(after: nil, most: 1).next.log, lines: lines) }

    func page(_ lines: [String], next: Int, missed: Int = 0, wasRestarted: Bool = false) -> ChildLog.Page {
        ChildLog.Page(lines: lines, next: after(next), missed: missed, wasRestarted: wasRestarted)
    }
}

struct ChildLogTests {
    @Test("an event passes as it is; any other line becomes one, with the child's name")
    func events() throws {
        let child = try Child(component: "orch-agent")
        let event =
            #"{"at":"2026-11-22T10:00:00.000Z","level":"info","component":"orch-agent","message":"ready"}"#
        let got = child.says(event + "\nFatal error: \"oops\"\n{\"half\":\n{\"message\":1}\n")
        #expect(got.count == 4)
        #expect(got[0] == event)
        #expect(got[1].hasPrefix(#"{"at":""#))
        #expect(got[1].hasSuffix(#""level":"notice","component":"orch-agent","message":"Fatal error: \"oops\""}"#))
        #expect(got[2].hasSuffix(#""message":"{\"half\":"}"#))
        #expect(got[3].hasSuffix(#""message":"{\"message\":1}"}"#))
        #expect(child.log.lines[1] == "Fatal error: \"oops\"")
    }

    @Test("an event in another's name is the child's own words, nothing more")
    func forged() throws {
        let child = try Child(component: "gateway")
        let event = #"{"at":"2026-11-22T10:00:00.000Z","level":"info","component":"supervisor","message":"stopping"}"#
        let got = child.says(event + "\n")
        #expect(got.count == 1)
        #expect(got.first?.contains(#""level":"notice","component":"gateway","message":"{\"at\""#) == true)
    }

    @Test("a line that comes in pieces is one line; one without an end is told when its process has ended")
    func pieces() throws {
        let child = try Child()
        #expect(child.says("one ") == [])
        #expect(child.says("line\nlast wo").count == 1)
        #expect(child.log.lines == ["one line"])
        child.end()
        #expect(child.read().count == 1)
        #expect(child.log.lines == ["one line", "last wo"])
        #expect(child.log.readEnds == [])
    }

    @Test("two processes that serve side by side end each other's lines nowhere")
    func sideBySide() throws {
        let child = try Child()
        try child.start()
        child.says("the fir")
        child.says("the second's wo", process: 1)
        child.says("st's\n")
        child.says("rds", process: 1)
        #expect(child.log.lines == ["the first's"])
        child.end(1)
        child.read()
        child.says("goes on\n")
        #expect(child.log.lines == ["the first's", "the second's words", "goes on"])
    }

    @Test("what is left behind of a child's processes holds no more than 16 pipes")
    func leftBehind() throws {
        let child = try Child()
        for _ in 0..<20 { try child.start() }
        #expect(child.log.readEnds.count == 16)
        #expect(child.says("the newest\n", process: 20).count == 1)
    }

    @Test("the last 200 lines are kept")
    func ring() throws {
        let child = try Child()
        for number in 1...250 { child.says("line \(number)\n") }
        #expect(child.log.lines.count == 200)
        #expect(child.log.lines.first == "line 51")
        #expect(child.log.lines.last == "line 250")
    }

    @Test("who follows by the last answer's cursor gets every line once, and is told of those it came too late for")
    func following() throws {
        let child = try Child()
        for number in 1...3 { child.says("line \(number)\n") }
        #expect(child.log.page(after: nil, most: 2) == child.page(["line 2", "line 3"], next: 3))
        #expect(child.log.page(after: child.after(0), most: 2) == child.page(["line 1", "line 2"], next: 2))
        #expect(child.log.page(after: child.after(2), most: 2) == child.page(["line 3"], next: 3))
        #expect(child.log.page(after: child.after(3), most: 2) == child.page([], next: 3))
        #expect(child.log.hasLines(after: child.after(2)))
        #expect(!child.log.hasLines(after: child.after(3)))
        for number in 4...300 { child.says("line \(number)\n") }
        let late = child.log.page(after: child.after(3), most: 1)
        #expect(late == child.page(["line 101"], next: 101, missed: 97))
        #expect(child.log.page(after: child.after(101), most: 1).lines == ["line 102"])
    }

    @Test(
        "a cursor from before the supervisor's own restart begins with the oldest line there is, and this is said",
        arguments: [0, 1, 250, 10_000])
    func restarted(lines: Int) throws {
        let former = try Child().after(lines)
        let child = try Child()
        #expect(!child.log.hasLines(after: former))
        #expect(child.log.page(after: former, most: 9) == child.page([], next: 0, wasRestarted: true))
        child.says("line 1\n")
        #expect(child.log.hasLines(after: former))
        #expect(child.log.page(after: former, most: 9) == child.page(["line 1"], next: 1, wasRestarted: true))
        for number in 2...300 { child.says("line \(number)\n") }
        #expect(
            child.log.page(after: former, most: 1)
                == child.page(["line 101"], next: 101, missed: 100, wasRestarted: true))
    }

    @Test("a cursor that is ahead of its own log waits for the next line")
    func ahead() throws {
        let child = try Child()
        child.says("line 1\n")
        #expect(child.log.page(after: child.after(500), most: 9) == child.page([], next: 1))
    }
}
