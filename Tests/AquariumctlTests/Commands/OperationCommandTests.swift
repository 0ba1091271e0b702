import Glibc
import IPC
import Testing

@testable import aquariumctl

/// Declared operations against a real agent on a real socket.
@Suite struct OperationCommandTests {
    @Test("a result is a table for a person")
    func table() async throws {
        try await withLibrary { folder in
            let run = await Run("books list --run-dir \(folder)")
            #expect(run.code == 0)
            #expect(
                run.out == """
                    books:
                      TITLE       SIZE     IS LENT  LENT TO  BOUGHT
                      Moby-Dick   1.5 KiB  yes      Ahab     2026-11-18 11:06:40Z
                      A\\u{1b}[2J  12 B     no       -        2026-11-18 11:06:40Z

                    """)
            #expect(run.err == "")
        }
    }

    @Test("--json gives exactly the result")
    func json() async throws {
        try await withLibrary { folder in
            let run = await Run("dust count --agent attic --json --run-dir \(folder)")
            #expect(run.out == #"{"agent":"attic"}"# + "\n")
        }
    }

    @Test("each kind of parameter goes to the agent as what it was declared")
    func parameters() async throws {
        try await withLibrary { folder in
            let options =
                "--title ahab --lines 3 --weight 0.5 --side left --is-new true --tags a --tags b --param-deadline 7"
            let run = await Run(
                "books put-away \(options) --json --op 12345678 --run-dir \(folder)", "--shelves", #"[{"floor":2}]"#)
            let params =
                #"{"deadline":7,"is_new":true,"lines":3,"shelves":[{"floor":2}],"side":"left","tags":["a","b"],"#
                + #""title":"ahab","weight":0.5}"#
            #expect(run.out == #"{"op":"12345678","params":\#(params)}"# + "\n", "\(run.err)")
        }
    }

    @Test("all parameters can be given at once, also in a file")
    func whole() async throws {
        try await withLibrary { folder in
            let file = folder + "/params.json"
            let handle = try #require(fopen(file, "w"))
            fputs(#"{"title": "ahab"}"#, handle)
            fclose(handle)
            defer { unlink(file) }
            for text in [#"{"title":"ahab"}"#, "@\(file)"] {
                let run = await Run("books put-away --json --op 12345678 --run-dir \(folder)", "--params", text)
                #expect(run.out == #"{"op":"12345678","params":{"title":"ahab"}}"# + "\n", "\(run.err)")
            }
        }
    }

    @Test(
        "what does not fit the declaration is a usage error that names the option",
        arguments: [
            ("books put-away", "--title is missing; it must be a string."),
            ("books put-away --title a --lines 0", "--lines must be at least 1."),
            ("books put-away --title a --lines x", "--lines must be an integer, not string."),
            ("books put-away --title a --side up", "--side must be one of left, right."),
            ("books put-away --title a.b", "--title: \"a.b\" is a full domain name"),
            ("books put-away --title a --shelves [{}]", "--shelves /0/floor is missing; it must be an integer."),
            ("books put-away --title a --shelves [", "--shelves: This is not valid JSON"),
            ("books put-away --title a --shelves @/nonexistent", "/nonexistent can't be read: No such file"),
            ("books put-away --title a --params {}", "leave out --title"),
            (#"books put-away --params {"x":1}"#, "/x is not a parameter"),
            ("books put-away --title a --op short", "--op: \"short\" is not an operation key"),
            ("books put-away --titel a", "Unknown option '--titel'"),
            ("books list --op 12345678", "Unknown option '--op'"),
            ("books list --deadline 0", "--deadline"),
            ("books burn", "Unexpected argument 'burn'"),
            ("dust count", "say which with --agent, one of shelf, attic"),
            ("dust count --agent cellar", "\"cellar\" is none of those"),
        ])
    func usage(words: String, message: String) async {
        let run = await Run(words)
        #expect(run.code == 2)
        #expect(run.out == "")
        #expect(run.err.contains(message), "\(run.err)")
        #expect(run.err.contains("--help"))
    }

    @Test("a refusal tells message, hint, parameter and kind, and ends with 1")
    func refused() async throws {
        try await withLibrary { folder in
            let run = await Run("books put-away --title moved --run-dir \(folder)")
            #expect(run.code == 1)
            #expect(run.out == "")
            #expect(
                run.err == """
                    Error: The shelf has moved.
                    Hint: Look for it.
                    Parameter: /title
                    Kind: disk.moved

                    """)
        }
    }

    @Test("something unexpected tells the incident under which the log has it")
    func incident() async throws {
        try await withLibrary { folder in
            let run = await Run("books read --outcome torn --run-dir \(folder)")
            #expect(run.code == 1)
            #expect(run.err.contains("Incident: "))
        }
    }

    @Test("a change whose answer was lost tells the key to ask again with")
    func lostAnswer() async throws {
        try await withLibrary { folder in
            let run = await Run("books put-away --title bug --run-dir \(folder)")
            #expect(run.code == 1)
            let words = try #require(run.err.split(separator: "--op ").last).prefix { $0 != " " }
            #expect((try? OperationKey(String(words))) != nil, "\(run.err)")
        }
    }

    @Test("progress is drawn on a terminal and taken away; elsewhere it is not shown")
    func progress() async throws {
        try await withLibrary { folder in
            let drawn = await Run("books read --run-dir \(folder)", terminal: true)
            #expect(drawn.err == "\r\u{1b}[K25 % page 1\r\u{1b}[K")
            #expect(drawn.out == "\u{1b}[1mpages\u{1b}[0m  4\n")
            let plain = await Run("books read --run-dir \(folder)")
            #expect(plain.err == "")
            #expect(plain.out == "pages  4\n")
        }
    }

    @Test("an agent that is not there is told with what to do")
    func noSocket() async {
        let run = await Run("books list --run-dir /nonexistent")
        #expect(run.code == 1)
        #expect(run.err.contains("There is no socket /nonexistent/shelf.sock."))
        #expect(run.err.contains("systemctl status aquarium"))
    }
}
