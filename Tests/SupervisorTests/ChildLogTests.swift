import Glibc
import Testing

@testable import supervisor

struct ChildLogTests {
    private func lines(_ log: inout ChildLog, of text: String) -> [String] {
        let bytes = Array(text.utf8)
        #expect(write(log.writeEnd, bytes, bytes.count) == bytes.count)
        return String(decoding: log.read(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func close(_ log: ChildLog) {
        Glibc.close(log.readEnd)
        Glibc.close(log.writeEnd)
    }

    @Test("an event passes as it is; any other line becomes one, with the child's name")
    func events() throws {
        var log = try ChildLog(component: "orch-agent")
        defer { close(log) }
        let event =
            #"{"at":"2026-11-22T10:00:00.000Z","level":"info","component":"orch-agent","message":"ready"}"#
        let got = lines(&log, of: event + "\nFatal error: \"oops\"\n{\"half\":\n{\"message\":1}\n")
        #expect(got.count == 4)
        #expect(got[0] == event)
        #expect(got[1].hasPrefix(#"{"at":""#))
        #expect(got[1].hasSuffix(#""level":"notice","component":"orch-agent","message":"Fatal error: \"oops\""}"#))
        #expect(got[2].hasSuffix(#""message":"{\"half\":"}"#))
        #expect(got[3].hasSuffix(#""message":"{\"message\":1}"}"#))
        #expect(log.lines[1] == "Fatal error: \"oops\"")
    }

    @Test("an event in another's name is the child's own words, nothing more")
    func forged() throws {
        var log = try ChildLog(component: "gateway")
        defer { close(log) }
        let event = #"{"at":"2026-11-22T10:00:00.000Z","level":"info","component":"supervisor","message":"stopping"}"#
        let got = lines(&log, of: event + "\n")
        #expect(got.count == 1)
        #expect(got.first?.contains(#""level":"notice","component":"gateway","message":"{\"at\""#) == true)
    }

    @Test("a line that comes in pieces is one line; one without an end is told when the child has ended")
    func pieces() throws {
        var log = try ChildLog(component: "x")
        defer { close(log) }
        #expect(lines(&log, of: "one ") == [])
        #expect(lines(&log, of: "line\nlast wo").count == 1)
        #expect(log.lines == ["one line"])
        #expect(!log.childEnded().isEmpty)
        #expect(log.childEnded().isEmpty)
        #expect(log.lines == ["one line", "last wo"])
    }

    @Test("the last 200 lines are kept")
    func ring() throws {
        var log = try ChildLog(component: "x")
        defer { close(log) }
        for number in 1...250 { _ = lines(&log, of: "line \(number)\n") }
        #expect(log.lines.count == 200)
        #expect(log.lines.first == "line 51")
        #expect(log.lines.last == "line 250")
    }

    @Test("who follows by the last answer's cursor gets every line once, and is told of those it came too late for")
    func following() throws {
        var log = try ChildLog(component: "x")
        defer { close(log) }
        for number in 1...3 { _ = lines(&log, of: "line \(number)\n") }
        #expect(log.page(after: nil, most: 2) == ChildLog.Page(lines: ["line 2", "line 3"], next: 3))
        #expect(log.page(after: 0, most: 2) == ChildLog.Page(lines: ["line 1", "line 2"], next: 2))
        #expect(log.page(after: 2, most: 2) == ChildLog.Page(lines: ["line 3"], next: 3))
        #expect(log.page(after: 3, most: 2) == ChildLog.Page(lines: [], next: 3))
        #expect(log.hasLines(after: 2))
        #expect(!log.hasLines(after: 3))
        for number in 4...300 { _ = lines(&log, of: "line \(number)\n") }
        let late = log.page(after: 3, most: 1)
        #expect(late == ChildLog.Page(lines: ["line 101"], next: 101, missed: 97))
        #expect(log.page(after: 101, most: 1).lines == ["line 102"])
    }

    @Test("a cursor from before the supervisor's own restart begins anew")
    func cursorAhead() throws {
        var log = try ChildLog(component: "x")
        defer { close(log) }
        #expect(!log.hasLines(after: 500))
        _ = lines(&log, of: "line 1\n")
        #expect(log.page(after: 500, most: 9) == ChildLog.Page(lines: ["line 1"], next: 1))
    }

    @Test("a line of any length costs a bounded amount of memory, and bytes that are no text do no harm")
    func bounds() {
        var splitter = LineSplitter()
        let pieces = splitter.split(Array(repeating: UInt8(ascii: "a"), count: LineSplitter.longest * 2 + 5) + [10])
        #expect(pieces.map(\.count) == [LineSplitter.longest, LineSplitter.longest, 5])
        #expect(splitter.split([0xff, 0xfe, 10]) == [[0xff, 0xfe]])
    }
}
