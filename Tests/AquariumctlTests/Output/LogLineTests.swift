import Testing

@testable import aquariumctl

@Suite struct LogLineTests {
    @Test("an event is told with its variables")
    func event() {
        let line =
            #"{"at":"2026-11-18T11:06:40.123Z","level":"info","component":"orch-agent","message":"answered","#
            + #""method":"x.y"}"#
        #expect(LogLine.text(line) == "2026-11-18 11:06:40Z info answered method=x.y")
    }

    @Test(
        "any other line stays as it is, but commands no terminal",
        arguments: [("hello {", "hello {"), ("\u{7}", #"\u{7}"#)])
    func other(line: String, text: String) {
        #expect(LogLine.text(line) == text)
    }
}
