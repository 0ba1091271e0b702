import IPC
import Testing

@testable import aquariumctl

@Suite struct OperationHelpTests {
    @Test("a new operation is in the help without a word about it in the program")
    func listed() async {
        let root = await Run("--help")
        #expect(root.code == 0)
        #expect(root.out.contains("books                   list, put-away, read"))
        let noun = await Run("books --help")
        #expect(noun.out.contains("put-away                Puts a book away."))
    }

    @Test("the help of an operation tells summary, parameters, limits, errors and an example")
    func all() async {
        let help = await Run("books put-away --help").out.split { $0.isWhitespace }.joined(separator: " ")
        for part in [
            "OVERVIEW: Puts a book away.", "Changes something. Method books.put_away of shelf; for the role admin.",
            "Errors of its own: disk.moved, busy.", "USAGE: aquariumctl books put-away --title <text> [<options>]",
            "Optional: an integer from 1 to 1000.", "Optional: one of left, right.", "Required: a text of at most 63",
            "Optional, may be repeated: a text.", "[{floor: integer},", "--param-deadline <integer>",
            "--title storage1 --lines 100 --weight 0.5 --side left",
            "--op <key>",
        ] {
            #expect(help.contains(part), "\(part)\n\(help)")
        }
    }

    @Test(
        "a word is quoted where a shell would change it",
        arguments: [("a-b_c.d", "a-b_c.d"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("{}", "'{}'")])
    func quoted(text: String, word: String) {
        #expect(ShellWord.quoted(text) == word)
    }
}
