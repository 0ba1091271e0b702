import ArgumentParser
import FoundationEssentials
import IPC

/// One declared operation: `aquariumctl supervisor restart --name orch`.
struct OperationCommand<Home: House, O: Operation>: AsyncParsableCommand {
    @OptionGroup(title: "Parameters") var declared: DeclaredParameters<Home, O>
    @OptionGroup var call: CallOptions
    @OptionGroup var place: NodeOptions

    static var configuration: CommandConfiguration { OperationHelp<Home, O>().configuration }

    func run() async throws {
        let console = Console.current
        let (agent, params, op) = try asked()
        let progress = ProgressLine(console)
        defer { progress.end() }
        let meta = Meta(deadlineMs: call.deadline.milliseconds, op: op)
        let result = try await place.node.call(agent, O.about.method, params, meta: meta) { progress.show($0) }
        progress.end()
        guard !call.json else { return try console.out(result + [UInt8(ascii: "\n")]) }
        try console.print(HumanText(console: console).lines(JSON(text: result), Schema.of(O.Response.self)))
    }

    /// What was typed, understood. Not in `validate`, which would come before the parser's word on unknown options.
    /// - Throws: `Usage`.
    private func asked() throws -> (agent: String, params: JSON, op: OperationKey?) {
        do {
            let op = O.about.effect == .change ? try key() : nil
            return (try chosenAgent(), try declared.params(reading: InputText()), op)
        } catch let error as ValidationError {
            let help = OperationHelp<Home, O>()
            throw Usage(message: error.message, usage: help.usage, command: help.command)
        }
    }

    private func key() throws -> OperationKey {
        let text = declared.op ?? UUID().uuidString.lowercased()
        do {
            return try OperationKey(text)
        } catch {
            throw ValidationError("--op: \"\(text)\" \(error.reason).")
        }
    }

    private func chosenAgent() throws -> String {
        let agents = DeclaredParameters<Home, O>.agents
        guard agents.count > 1 else { return agents[0] }
        let list = agents.joined(separator: ", ")
        guard let text = declared.agent else {
            throw ValidationError("Several agents have \(O.about.method): say which with --agent, one of \(list).")
        }
        guard let agent = Home.agent(named: text), agents.contains(agent) else {
            throw ValidationError("--agent: \"\(text)\" is none of those that have \(O.about.method): \(list).")
        }
        return agent
    }
}
