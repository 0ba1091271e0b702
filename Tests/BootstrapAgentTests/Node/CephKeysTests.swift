import Testing

@testable import bootstrap_agent

@Suite struct CephKeysTests {
    // As long as a real one, and none.
    private static let key = "AQ" + String(repeating: "x/1+", count: 9) + "=="

    @Test("hides each key, and nothing else") func hidden() {
        #expect(CephKeys.hidden(in: "key = \(Self.key), \(Self.key)!") == "key = <key>, <key>!")
        let others = "AQfoo== sha256:abc ssh-rsa AAAAB3NzaC1yc2E= 43b5f1d9-14fa-43f9-b594-0f08799eafb9"
        #expect(CephKeys.hidden(in: others) == others)
    }

    @Test("no key gets into the log, nor into the words for a failure") func shown() async {
        let folder = TemporaryFolder()
        let log = LogTail(folder.path + "/log")
        log.append("[client.x] key = \(Self.key)")
        #expect(log.lines == ["[client.x] key = <key>"])
        #expect(LogTail(folder.path + "/log").lines == log.lines)

        #expect(StepFailure("no: \(Self.key)").message == "no: <key>")
        // Where the quote is cut in the middle of it.
        let line = "ERROR: " + String(repeating: "-", count: 380) + Self.key
        let command = Command(program: "/usr/bin/ceph", arguments: [], limit: .seconds(1))
        #expect(!CephadmFailure.explain(.failed(line), of: command).message.contains("AQx"))
        let runner = FakeRunner()
        runner.answer("ceph", "", exitCode: 1, errorOutput: String(repeating: "-", count: 290) + Self.key)
        guard case .none(let reason) = await runner.answer(to: command, { $0 }) else { return }
        #expect(!reason.contains("AQx"))
    }
}
