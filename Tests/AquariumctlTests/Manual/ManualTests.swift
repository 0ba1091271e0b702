import IPC
import Testing

@testable import aquariumctl

@Suite struct ManualTests {
    private func pages() throws -> [String: String] {
        let manual = Manual(try ToolInfo.of(RootCommand<Library>.self))
        return Dictionary(uniqueKeysWithValues: manual.pages.map { ($0.name, $0.text) })
    }

    @Test("every command has a page, and the first page names them all")
    func all() throws {
        let pages = try pages()
        let overview = try #require(pages["aquariumctl.1"])
        for name in ["books-put-away", "books-list", "dust-count", "call", "discover", "logs", "watch"] {
            #expect(pages["aquariumctl-\(name).1"] != nil, "\(name)")
            #expect(overview.contains(".It Xr aquariumctl-\(name) 1"))
        }
        #expect(pages["aquariumctl-generate-manual.1"] == nil)
    }

    @Test("a page tells the options with their limits, the default, the errors and the example")
    func page() throws {
        let page = try #require(try pages()["aquariumctl-books-put-away.1"])
        for line in [
            ".Nm aquariumctl books put-away", ".It Fl \\-lines Ar integer", "Optional: an integer from 1 to 1000.",
            "The default is 30.", "Errors of its own: disk.moved, busy.", ".Bd -literal -offset indent",
        ] {
            #expect(page.split(separator: "\n").contains(Substring(line)), "\(line)\n\(page)")
        }
    }

    @Test(
        "text stays text: nothing in it is taken for a request",
        arguments: [(".Dd", "\\&.Dd"), ("a\\b", "a\\eb"), ("-x", "\\-x"), ("'tis", "\\(aqtis")])
    func escaped(text: String, line: String) {
        #expect(Mdoc.escaped(text) == line)
    }
}
