import IPC
import Testing

@testable import aquariumctl

@Suite struct HumanTextTests {
    private func lines(_ text: String, _ schema: Schema = .any) throws -> [String] {
        HumanText(console: .plain()).lines(try JSON(text: Array(text.utf8)), schema)
    }

    @Test("an object is aligned, in the order of its declaration")
    func object() throws {
        let schema = Schema.of(Book.self)
        let text = #"{"bought":"2026-11-18T11:06:40.000Z","is_lent":false,"new":1,"size_bytes":0,"title":"x"}"#
        #expect(
            try lines(text, schema) == [
                "title    x", "size     0 B", "is lent  no", "bought   2026-11-18 11:06:40Z", "new      1",
            ])
    }

    @Test("what is nested is indented under its name")
    func nested() throws {
        #expect(try lines(#"{"a":{"b":{"c":null}},"d":[]}"#) == ["a:", "  b:", "    c  -", "d  -"])
    }

    @Test("short lists stand on the line, sentences on lines of their own")
    func lists() throws {
        let sentence = String(repeating: "word ", count: 10)
        #expect(try lines(#"{"a":["x","y"],"b":["\#(sentence)","z"]}"#) == ["a  x, y", "b:", "  \(sentence)", "  z"])
    }

    @Test("objects in a list are rows; a column that is empty everywhere is left out")
    func table() throws {
        #expect(
            try lines(#"[{"a":1,"b":"","c":[1,2]},{"a":22,"b":null,"d":{"e":true}}]"#) == [
                "A   C     D", "1   1, 2  -", "22  -     e yes",
            ])
    }

    @Test("what would command the terminal is shown instead")
    func printable() throws {
        #expect(try lines(#"{"a\u001b":"\u001b]0;x\u0007\u202e"}"#) == [#"a\u{1b}  \u{1b}]0;x\u{7}\u{202e}"#])
    }

    @Test("a map has its values' meaning")
    func map() throws {
        #expect(try lines(#"{"x":1}"#, Schema.of([String: Int].self)) == ["x  1"])
    }
}
