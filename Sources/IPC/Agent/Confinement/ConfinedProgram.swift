public import Logging

/// A program that confines itself. What it may reach is fixed before it has a second thread.
public protocol ConfinedProgram: Program {
    var leastLogLevel: Logger.Level { get }
    var confinement: Confinement { get }
}

extension ConfinedProgram {
    @MainActor public static func main() async {
        await launch { program in
            Log.start(component: name, level: program.leastLogLevel)
            try program.confinement.begin(component: name)
        }
    }
}
