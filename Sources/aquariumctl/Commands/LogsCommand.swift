import ArgumentParser
import IPC

/// `logs -f bootstrap-agent`: what one of the appliance's processes has logged, and goes on to log.
struct LogsCommand<Home: House>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "logs", abstract: "Shows what one of the appliance's processes has logged.",
            discussion: """
                Keeps the last 200 lines of each process; the journal has them all: journalctl -u aquarium.

                Example:
                  aquariumctl logs -f bootstrap-agent
                """)
    }

    @Argument(
        help: "The process: bootstrap, orch, gateway; an agent also as its program is called, bootstrap-agent.",
        completion: .list(["bootstrap", "orch", "gateway"]))
    var child: String
    @Flag(name: .shortAndLong, help: "Go on with what comes, also through a restart of the appliance, until Ctrl-C.")
    var follow = false
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many lines: 1 to 1000.", valueName: "number"))
    var lines = 100
    @Flag(help: "Print the lines as they were logged, in JSON.")
    var json = false
    @OptionGroup var place: NodeOptions

    func validate() throws {
        guard LineCount.range.contains(lines) else { throw ValidationError("--lines must be from 1 to 1000.") }
    }

    func run() async throws {
        let suffix = "-agent"
        let name = child.hasSuffix(suffix) ? String(child.dropLast(suffix.count)) : child
        let reader = LogReader(node: place.node, child: name, console: .current, asTheyAre: json)
        let lines = lines
        guard follow else {
            _ = try await reader.last(lines)
            return
        }
        try await untilInterrupted {
            var next = try await reader.last(lines)
            while true { next = try await reader.after(next, for: .seconds(60)) }
        }
    }
}

/// Asks the supervisor for a child's lines and prints them.
struct LogReader: Sendable {
    let node: Node
    let child: String
    let console: Console
    let asTheyAre: Bool

    /// How long the supervisor is asked to wait for a new line; less than a call's deadline.
    private static let patience = WaitTime(clamping: 20_000)

    /// - Returns: the cursor after the last line.
    func last(_ count: Int) async throws -> LogCursor {
        try show(try await node.call("supervisor", SupervisorLogs(name: child, lines: LineCount(clamping: count))))
    }

    /// Waits for lines after the cursor, also through a restart of the supervisor.
    /// - Parameter limit: how long the supervisor may be away.
    /// - Returns: the cursor after the last line.
    func after(_ cursor: LogCursor, for limit: Duration) async throws -> LogCursor {
        let request = SupervisorLogs(name: child, after: cursor, waitMs: Self.patience)
        let answer = try await answer(to: request, for: limit)
        // A supervisor that is about to end waits for nothing.
        if answer.lines.isEmpty { try await Task.sleep(for: Self.pause) }
        return try show(answer)
    }

    private func answer(to request: SupervisorLogs, for limit: Duration) async throws -> SupervisorLogs.Response {
        let end = ContinuousClock.now + limit
        var isAway = false
        while true {
            do throws(Failure) {
                let answer = try await node.call("supervisor", request)
                if isAway { console.error(["(the supervisor is back)"]) }
                return answer
            } catch {
                guard error.problem.kind == .agentUnavailable else { throw error }
                if !isAway { console.error(["(the supervisor has gone away; waiting for it)"]) }
                isAway = true
                if ContinuousClock.now >= end { throw error }
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Between two tries.
    private static let pause = Duration.milliseconds(250)

    private func show(_ answer: SupervisorLogs.Response) throws -> LogCursor {
        if answer.wasRestarted {
            console.error(["(the supervisor was started again: lines of before that may be missing)"])
        }
        if answer.missed > 0 { console.error(["(\(answer.missed) lines were gone before they could be shown)"]) }
        try console.print(answer.lines.map { asTheyAre ? $0 : LogLine.text($0) })
        return answer.next
    }
}
