import Logging
import Testing

@testable import IPC

struct ProgramOptionsTests {
    private struct Options: ProgramOptions, Equatable {
        var folder = "/run"
        var socket: String?
        var logLevel = Logger.Level.info
        var isBare = false

        static var all: [ProgramOption<Self>] {
            [
                .text("folder", "FOLDER", "Where.", \.folder), .text("socket", "PATH", "What.", \.socket),
                .logLevel(\.logLevel), .flag("bare", "Whether.", \.isBare),
            ]
        }
    }

    @Test("what is not said is the default, and a value stands after its option or an equals sign")
    func understood() throws {
        #expect(try Options.parse([]) == Options())
        let options = try Options.parse(["--bare", "--folder", "/a", "--socket=b=c", "--log-level", "debug"])
        #expect(options == Options(folder: "/a", socket: "b=c", logLevel: .debug, isBare: true))
        #expect(try Options.parse(["--socket="]).socket == "")
        #expect(try Options.parse(["--socket", "--bare"]) == Options(socket: "--bare"))
    }

    @Test(
        "what is not understood is refused in words that name it",
        arguments: [
            (["--colour", "blue"], "There is no option --colour."), (["folder"], "There is no option folder."),
            (["--folder"], "The option --folder wants a value."), (["--bare=no"], "The option --bare takes no value."),
            (["--bare", "no"], "There is no option no."),
        ])
    func refused(words: [String], message: String) {
        #expect(throws: UsageError(message)) { try Options.parse(words) }
    }

    @Test("a level that does not exist is refused with those that do")
    func level() {
        let error = #expect(throws: UsageError.self) { try Options.parse(["--log-level", "loud"]) }
        #expect(error?.message.hasPrefix("There is no level loud") == true)
        for level in Logger.Level.allCases { #expect(error?.message.contains(level.rawValue) == true) }
    }

    @Test("the help has each option, what it takes and its default")
    func help() {
        let lines = Options.help.split(separator: "\n")
        #expect(lines.contains("  --folder FOLDER") && lines.contains("      Where. (default: /run)"))
        #expect(lines.contains("  --socket PATH") && lines.contains("      What."))
        #expect(lines.contains("  --bare") && lines.contains("  --help"))
    }
}
