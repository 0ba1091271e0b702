import IPC
import NIOCore
import Testing

@Suite struct ParamsTextTests {
    @Test("an object comes out on one line, otherwise as it was")
    func oneLine() throws {
        let text = ByteBuffer(string: "{\r\n\t\"a\": \"x\\ny\"\n}")
        #expect(String(buffer: try ParamsText.line(text)) == "{   \"a\": \"x\\ny\" }")
    }

    @Test(
        "text that would say something beyond its own value is refused",
        arguments: [
            #"{},"method":"supervisor.restart""#, #"{}}"#, "{}\n{}", "", " ", #"{"a":"#, "{\"a\":\"\n\"}",
            "{\"a\":\"\u{0}\"}",
        ])
    func malformed(_ text: String) {
        #expect { try ParamsText.line(ByteBuffer(string: text)) } throws: { ($0 as? Problem)?.kind == .parse }
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() {
        let text = ByteBuffer(bytes: Array(#"{"a":""#.utf8) + [0xff] + Array(#""}"#.utf8))
        #expect { try ParamsText.line(text) } throws: { ($0 as? Problem)?.kind == .parse }
    }

    @Test("a value that is no object is refused", arguments: ["[]", "1", "\"x\"", "null"])
    func noObject(_ text: String) {
        #expect { try ParamsText.line(ByteBuffer(string: text)) } throws: { ($0 as? Problem)?.kind == .paramsInvalid }
    }

    @Test("a value that would be too deep inside of its envelope is refused before it is sent")
    func depth() throws {
        func nested(_ depth: Int) -> ByteBuffer {
            ByteBuffer(string: String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth))
        }
        _ = try ParamsText.line(nested(31))
        #expect { try ParamsText.line(nested(32)) } throws: { ($0 as? Problem)?.kind == .parse }
    }
}
