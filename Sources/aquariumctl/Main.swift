import Glibc
import IPC

@main enum AquariumCtl {
    static func main() async {
        exit(await Invocation<Appliance>.run(Array(CommandLine.arguments.dropFirst()), on: .standard))
    }
}
