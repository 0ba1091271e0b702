import Glibc

/// A process of the house: its command line, its life, its end.
public protocol Program: Sendable {
    associatedtype Options: ProgramOptions
    static var name: String { get }
    static var about: String { get }
    init(_ options: Options)
    /// Until it is to end.
    func run() async throws
}

extension Program {
    /// On the main actor, that is on the process's first thread: everywhere else it would have others already.
    @MainActor public static func main() async {
        await launch()
    }

    /// - Parameter prepare: what is to be done while the process has one thread.
    @MainActor static func launch(_ prepare: (Self) throws -> Void = { _ in }) async {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.contains("--help") { end("\(name): \(about)\n\n\(Options.help)", STDOUT_FILENO, EXIT_SUCCESS) }
        do {
            let program = Self(try Options.parse(Array(arguments)))
            try prepare(program)
            try await program.run()
        } catch let error as UsageError {
            end("\(name): \(error.message) See \(name) --help.\n", STDERR_FILENO, EX_USAGE)
        } catch {
            let problem = error as? Problem
            let told = problem.map { [$0.message, $0.hint].compactMap { $0 }.joined(separator: " ") } ?? "\(error)"
            end("\(name): \(told)\n", STDERR_FILENO, EXIT_FAILURE)
        }
    }

    private static func end(_ text: String, _ descriptor: CInt, _ code: CInt) -> Never {
        let bytes = Array(text.utf8)
        _ = write(descriptor, bytes, bytes.count)
        exit(code)
    }
}
