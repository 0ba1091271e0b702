/// A program with its fixed argument list: never a shell. A secret goes into `input`, never into `arguments`.
struct Command: Sendable, Equatable {
    /// Absolute path.
    let program: String
    let arguments: [String]
    /// When the program and all its children are killed.
    let limit: Duration
    /// What it reads on its standard input.
    var input: [UInt8]?

    init(program: String, arguments: [String], limit: Duration, input: [UInt8]? = nil) {
        self.program = program
        self.arguments = arguments
        self.limit = limit
        self.input = input
    }

    /// As shown in plans and logs.
    var argv: [String] { [program] + arguments }
}

/// What a program that was run to its end has left.
struct CommandResult: Sendable, Equatable {
    /// The exit code, or 128 + the number of the signal that ended it.
    let exitCode: Int32
    /// Standard output, at most `CommandResult.outputLimit` bytes.
    let output: String
    let errorOutput: String

    static let outputLimit = 4 << 20

    var isSuccess: Bool { exitCode == 0 }
}

/// A program that did not run to its end.
struct CommandFailure: Error, Equatable {
    enum Reason: Sendable, Equatable {
        /// The program could not be started.
        case notStarted(errno: Int32)
        /// Killed at its limit.
        case timedOut
        /// Killed because nobody waits for it any more.
        case cancelled
        /// It wrote more than `CommandResult.outputLimit`, and was killed.
        case outputTooLong
    }

    let command: Command
    let reason: Reason
}
