import ArgumentParser
import IPC

/// `watch`: the bootstrap, the cluster and the appliance's processes, for as long as somebody looks.
struct WatchCommand<Home: House>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "watch", abstract: "Shows bootstrap, cluster and processes as they change, until Ctrl-C.",
            discussion: "On a terminal one page that is drawn again; elsewhere a line for each change.")
    }

    @Option(help: ArgumentHelp("How long between two looks: 0.001 to 86400.", valueName: "seconds"))
    var interval = Seconds(2)!
    @OptionGroup var place: NodeOptions

    func run() async throws {
        let (node, console, pause) = (place.node, Console.current, Duration.milliseconds(interval.milliseconds))
        let first = try await Watcher.look(at: node, mustAnswer: true)
        let screen: any WatchOutput = console.outIsTerminal ? Screen(console) : ChangeLines(console)
        defer { screen.end() }
        try screen.show(first, before: nil)
        try await untilInterrupted {
            var before = first
            while true {
                try await Task.sleep(for: pause)
                let now = try await Watcher.look(at: node, mustAnswer: false)
                try screen.show(now, before: before)
                before = now
            }
        }
    }
}

/// Asks all three agents at once.
enum Watcher {
    /// - Parameter mustAnswer: to fail if none of them can be reached.
    static func look(at node: Node, mustAnswer: Bool) async throws -> Facts {
        async let processes = answer(node, "supervisor", SupervisorStatus())
        async let bootstrap = answer(node, "bootstrap", BootstrapStatus())
        async let cluster = answer(node, "orch", ClusterStatus())
        let answers = await (processes, bootstrap, cluster)
        try Task.checkCancellation()
        if mustAnswer, case (.failure(let problem), .failure, .failure) = answers,
            problem.kind == .agentUnavailable
        {
            throw Failure(problem: problem)
        }
        return Facts(processes: answers.0, bootstrap: answers.1, cluster: answers.2)
    }

    private static func answer<O: Operation>(
        _ node: Node, _ agent: String, _ operation: O
    ) async -> Result<O.Response, Problem> {
        do {
            return .success(try await node.call(agent, operation))
        } catch {
            return .failure(error.problem)
        }
    }
}

protocol WatchOutput: Sendable {
    func show(_ now: Facts, before: Facts?) throws
    func end()
}

/// The terminal's second page, so that the first is as it was when the watching ends.
struct Screen: WatchOutput {
    private let console: Console

    init(_ console: Console) {
        self.console = console
        try? console.out(Array("\u{1b}[?1049h\u{1b}[?25l".utf8))
    }

    func show(_ now: Facts, before: Facts?) throws {
        let head = "aquarium  \(Quantity.time(Timestamp.now.text))  Ctrl-C ends"
        let lines = ([head, ""] + now.screen(console)).prefix(console.size().rows - 1)
        let text = lines.map { $0 + "\u{1b}[K\r\n" }.joined()
        try console.out(Array(("\u{1b}[H" + text + "\u{1b}[J").utf8))
    }

    func end() {
        try? console.out(Array("\u{1b}[?25h\u{1b}[?1049l".utf8))
    }
}

/// A line for each change, with its time.
struct ChangeLines: WatchOutput {
    private let console: Console

    init(_ console: Console) {
        self.console = console
    }

    func show(_ now: Facts, before: Facts?) throws {
        let time = Quantity.time(Timestamp.now.text)
        try console.print(now.changes(since: before).map { "\(time) \($0)" })
    }

    func end() {}
}
