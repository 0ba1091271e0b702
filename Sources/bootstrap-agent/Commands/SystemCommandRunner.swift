import Glibc
import Subprocess
import SystemPackage

/// Runs programs as children of this process: each in a session of its own, so that it is killed with all its
/// children, and with a fixed environment.
struct SystemCommandRunner: CommandRunner {
    /// Set for every child and inherited by its children, so that `Leftovers` recognises them after a crash.
    let mark: String

    func run(
        _ command: Command, onLine: @escaping @Sendable (String) -> Void
    ) async throws(CommandFailure) -> CommandResult {
        do {
            let ended = try await Subprocess.run(
                .path(FilePath(command.program)), arguments: Arguments(command.arguments),
                environment: .custom(environment), platformOptions: Self.ownSession,
                input: .array(command.input ?? []), output: .sequence, error: .sequence
            ) { execution in
                try await Self.collect(execution, limit: command.limit, onLine: onLine)
            }
            if Task.isCancelled { throw CommandFailure(command: command, reason: .cancelled) }
            switch ended.closureResult {
            case .read(let output, let errorOutput):
                return CommandResult(
                    exitCode: Self.exitCode(ended.terminationStatus), output: output, errorOutput: errorOutput)
            case .killed(let reason): throw CommandFailure(command: command, reason: reason)
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as SubprocessError {
            throw CommandFailure(command: command, reason: .notStarted(errno: Self.errno(of: error)))
        } catch {
            throw CommandFailure(command: command, reason: .cancelled)
        }
    }

    private var environment: [Environment.Key: String] {
        [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
            "LC_ALL": "C.UTF-8", .init(stringLiteral: Leftovers.variable): mark,
        ]
    }

    private static var ownSession: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
        return options
    }

    private static func exitCode(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    private static func errno(of error: SubprocessError) -> Int32 {
        error.code == .executableNotFound ? ENOENT : error.underlyingError?.rawValue ?? EIO
    }
}

// MARK: reading what the program writes

extension SystemCommandRunner {
    private enum Collected: Sendable {
        case read(output: String, errorOutput: String)
        case killed(CommandFailure.Reason)
    }
    private enum Stream: Sendable {
        case output([UInt8]?)
        case errorOutput([UInt8]?)
        case limit
    }
    private typealias Running = Execution<ArrayInput, SequenceOutput, SequenceOutput>

    private static func collect(
        _ execution: Running, limit: Duration, onLine: @escaping @Sendable (String) -> Void
    ) async throws -> Collected {
        try await withThrowingTaskGroup(of: Stream.self) { group in
            group.addTask { .output(try await read(execution.standardOutput, onLine)) }
            group.addTask { .errorOutput(try await read(execution.standardError, onLine)) }
            group.addTask {
                try await Task.sleep(for: limit)
                return .limit
            }
            // The sleeper must not outlast the program.
            defer { group.cancelAll() }
            var output: [UInt8]?
            var errorOutput: [UInt8]?
            while let stream = try await group.next() {
                switch stream {
                case .output(let bytes?): output = bytes
                case .errorOutput(let bytes?): errorOutput = bytes
                case .output(nil), .errorOutput(nil): return kill(execution, .outputTooLong)
                case .limit: return kill(execution, .timedOut)
                }
                if let output, let errorOutput {
                    return .read(
                        output: String(decoding: output, as: UTF8.self),
                        errorOutput: String(decoding: errorOutput, as: UTF8.self))
                }
            }
            return .killed(.cancelled)
        }
    }

    /// The readers end by themselves: the library stops reading when the program has ended.
    private static func kill(_ execution: Running, _ reason: CommandFailure.Reason) -> Collected {
        try? execution.send(signal: .kill, toProcessGroup: true)
        return .killed(reason)
    }

    /// - Returns: nil when it is too long.
    private static func read(
        _ stream: SubprocessOutputSequence, _ onLine: @Sendable (String) -> Void
    ) async throws -> [UInt8]? {
        var all: [UInt8] = []
        var lines = LineSplitter()
        for try await buffer in stream {
            let bytes = buffer.withUnsafeBytes { [UInt8]($0) }
            lines.append(bytes).forEach(onLine)
            all += bytes
            if all.count > CommandResult.outputLimit { return nil }
        }
        lines.finish().forEach(onLine)
        return all
    }
}
