public import ArgumentParser
public import Logging

/// A program that confines itself. What it may reach is fixed before it has a second thread.
public protocol ConfinedCommand: AsyncParsableCommand, Sendable {
    /// Its name in the log.
    static var component: String { get }
    var leastLogLevel: Logger.Level { get }
    var confinement: Confinement { get }
}

extension ConfinedCommand {
    /// On the main actor, that is on the process's first thread: everywhere else it would have others already.
    @MainActor public static func main() async {
        do {
            var command = try parseAsRoot()
            if let confined = command as? Self {
                Log.start(component: component, level: confined.leastLogLevel)
                try confined.confinement.begin(component: component)
                var running = confined
                try await running.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
