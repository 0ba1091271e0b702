import Testing

@testable import bootstrap_agent

@Suite struct LogTailTests {
    @Test("keeps the last lines, also over a restart, in a bounded file") func bounded() throws {
        let folder = TemporaryFolder()
        let log = LogTail(folder.path + "/log")
        let wide = String(repeating: "x", count: 2000)
        for number in 0..<400 { log.append("\(number) \(wide)") }
        #expect(log.lines.count == 200 && log.lines.last?.hasPrefix("399 ") == true)
        #expect(LogTail(folder.path + "/log").lines == log.lines)
        #expect(try HostFiles().read(folder.path + "/log").count < 700_000)
        log.clear()
        #expect(LogTail(folder.path + "/log").lines == [])
    }
}
