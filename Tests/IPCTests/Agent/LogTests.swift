import FoundationEssentials
import Glibc
import Logging
import Testing

@testable import IPC

@Suite struct LogTests {
    private static let time = timespec(tv_sec: 1_795_000_000, tv_nsec: 7_000_000)

    private func line(_ handler: LineLogHandler, _ message: String, _ metadata: Logger.Metadata) -> String {
        String(decoding: handler.line(.info, message, metadata, at: Self.time), as: UTF8.self)
    }

    @Test("an event is one JSON object on one line, its variables sorted beside it")
    func event() throws {
        var handler = LineLogHandler(component: "orch-agent", logLevel: .info)
        handler.metadata = ["request": "r1", "peer": "root"]
        let line = line(handler, "called", ["peer": "gateway", "method": "a.b"])
        #expect(
            line == #"{"at":"2026-11-18T11:06:40.007Z","level":"info","component":"orch-agent","message":"called","#
                + #""method":"a.b","peer":"gateway","request":"r1"}"# + "\n")
        #expect(try Timestamp("2026-11-18T11:06:40.007Z").date.timeIntervalSince1970 == 1_795_000_000.007)
    }

    @Test("whatever a variable holds, the line stays one line of valid JSON")
    func hostile() throws {
        let handler = LineLogHandler(component: "c", logLevel: .info)
        let line = line(handler, "m", ["k\"\n": "v\"}\u{0}\r\n{\u{1F600}"])
        #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1 && line.hasSuffix("\n"))
        #expect(try JSONText.parse(Array(line.utf8.dropLast()))["k\"\n"] == "v\"}\u{0}\r\n{\u{1F600}")
    }

    @Test("an event is told from a line that only looks like one")
    func recognized() {
        let handler = LineLogHandler(component: "gateway", logLevel: .info)
        let event = handler.line(.info, "ready", ["more": "{\"component\":\"other\"}"], at: Self.time).dropLast()
        #expect(Log.isEvent(Array(event), of: "gateway"))
        #expect(!Log.isEvent(Array(event), of: "orch-agent"))
        for line in [
            "", "ready", "[]", #"{"component":"gateway"}"#,
            #"{"at":"x","level":"info","component":"gateway","message":"m""#,
            #"{"at":"x","level":"info","component":"gateway","message":1}"#,
            #"{"at":"x","level":"info","component":"gateway","message":"m"} and more"#,
            #"{"at":"x","level":"info","component":"other","component":"gateway","message":"m"}"#,
        ] { #expect(!Log.isEvent(Array(line.utf8), of: "gateway"), "\(line)") }
    }
}
