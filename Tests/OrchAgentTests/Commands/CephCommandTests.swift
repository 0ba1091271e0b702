import Testing

@testable import orch_agent

@Suite struct CephCommandTests {
    @Test("A command is one JSON object with its prefix, the format and its arguments")
    func text() {
        #expect(CephStatus().text == #"{"prefix":"status","format":"json"}"#)
        #expect(
            LogLast(count: 100, channel: .cephadm).text
                == #"{"prefix":"log last","format":"json","num":100,"level":"info","channel":"cephadm"}"#)
        #expect(OSDDf().text == #"{"prefix":"osd df","format":"json","output_method":"tree"}"#)
    }

    @Test("An output may begin with an empty line and have members that nobody knows")
    func tolerance() throws {
        let hosts = try OrchHostLs.parse(Array("\n\n[{\"addr\":\"a\",\"hostname\":\"h\",\"new\":{\"x\":[1]}}]\n".utf8))
        #expect(hosts.map(\.hostname) == ["h"])
    }

    @Test("A daemon's error and an output that makes no sense are told apart")
    func failures() {
        let refusing = FakeCeph([:])
        #expect {
            try OrchPs().run(on: refusing)
        } throws: {
            guard case .refused(command: "orch ps", let error) = $0 as? OrchFailure else { return false }
            return error.reason == "No handler found for 'orch ps'"
        }
        let nonsense = FakeCeph(["orch ps": .output(Array("{}".utf8))])
        #expect {
            try OrchPs().run(on: nonsense)
        } throws: {
            guard case .notUnderstood(command: "orch ps", _) = $0 as? OrchFailure else { return false }
            return true
        }
    }

    @Test("Of a Python traceback only the exception is shown")
    func traceback() {
        let text = " Traceback (most recent call last):\n  File \"x.py\", line 1, in f\nRuntimeError: no luck\n\n"
        #expect(RadosError(call: "rados_mgr_command", code: 22, text: text).reason == "RuntimeError: no luck")
        #expect(RadosError(call: "rados_connect", code: 110, text: "").reason == "Connection timed out")
    }
}
