import ArgumentParser
import IPC

/// One run of the program: from its arguments to its exit code.
enum Invocation<Home: House> {
    private enum Code {
        static var failed: Int32 { 1 }
        static var usage: Int32 { 2 }
    }

    /// - Returns: 0; 1 if an operation was refused or failed; 2 if the arguments were not understood.
    static func run(_ arguments: [String], on console: Console) async -> Int32 {
        await Console.$current.withValue(console) {
            do {
                var command = try RootCommand<Home>.parseAsRoot(arguments)
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
                return 0
            } catch {
                return tell(error, console)
            }
        }
    }

    private static func tell(_ error: any Error, _ console: Console) -> Int32 {
        switch error {
        case let failure as Failure:
            console.error(failure.lines(console))
            return Code.failed
        case let usage as Usage:
            console.error(usage.lines)
            return Code.usage
        case is Failed, is OutputClosed: return Code.failed
        default: break
        }
        let message = RootCommand<Home>.fullMessage(for: error)
        switch RootCommand<Home>.exitCode(for: error) {
        case .success:
            try? console.print(message)
            return 0
        case .validationFailure:
            console.error([message])
            return Code.usage
        case let code:
            console.error([message])
            return code == .failure ? Code.failed : code.rawValue
        }
    }
}

/// Arguments that do not fit the declaration, told as the parser tells its own.
struct Usage: Error {
    let message: String
    let usage: String
    /// Whose help says more.
    let command: String

    var lines: [String] {
        ["Error: \(message)", "Usage: \(usage)", "  See '\(command) --help' for more information."]
    }
}
