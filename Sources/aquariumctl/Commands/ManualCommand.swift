import ArgumentParser
import FoundationEssentials

/// `generate-manual DIR`: for the installation.
struct ManualCommand<Home: House>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "generate-manual", abstract: "Writes the manual pages into a folder.", shouldDisplay: false)
    }

    @Argument(help: "The folder, which exists.", completion: .directory) var directory: String

    func run() throws {
        for (name, text) in Manual(try ToolInfo.of(RootCommand<Home>.self)).pages {
            try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
        }
    }
}
