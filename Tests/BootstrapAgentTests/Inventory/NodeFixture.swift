import Glibc
import IPC
import Synchronization

@testable import bootstrap_agent

/// A machine made of files in a temporary folder, of fake device nodes and of recorded answers.
final class NodeFixture: Sendable {
    let root: String
    let probe = FakeProbe()
    let runner = FakeRunner()
    var tree: FileTree { FileTree(root: root) }

    init() {
        var template = Array("/tmp/aquarium-node-XXXXXX".utf8CString)
        root = String(cString: mkdtemp(&template)!)
        write("/proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n")
        write("/proc/swaps", "Filename Type Size Used Priority\n")
    }

    deinit {
        Self.removeTree(root)
    }

    private static func removeTree(_ path: String) {
        // A link to a folder is removed by the first call: its target is never gone into.
        guard remove(path) != 0 else { return }
        for name in FileTree().entries(path) { removeTree("\(path)/\(name)") }
        remove(path)
    }

    func write(_ path: String, _ text: String) {
        makeFolder(path.parentPath)
        let file = open(root + path, O_WRONLY | O_CREAT | O_TRUNC, 0o755)
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        close(file)
    }

    func makeFolder(_ path: String) {
        guard !path.isEmpty, !tree.exists(path) else { return }
        makeFolder(path.parentPath)
        mkdir(root + path, 0o755)
    }

    func link(_ path: String, to target: String) {
        makeFolder(path.parentPath)
        let up = String(repeating: "../", count: path.count { $0 == "/" } - 1)
        symlink(up + target.dropFirst(), root + path)
    }

    /// A block device in /sys, and unless `hasNode` is false, its node in /dev.
    @discardableResult
    func disk(
        _ name: String, _ number: String, gibibytes: Int = 100, files: [String: String] = [:], hasNode: Bool = true
    ) -> String {
        let folder = "/sys/devices/pci0/block/\(name)"
        let all = [
            "dev": number, "size": "\(gibibytes << 21)", "removable": "0", "ro": "0", "queue/rotational": "1",
        ].merging(files) { $1 }
        for (file, text) in all { write("\(folder)/\(file)", text + "\n") }
        link("/sys/dev/block/\(number)", to: folder)
        if hasNode { probe.addNode("/dev/\(name)", number) }
        runner.answer("wipefs --no-act --json /dev/\(name)", Fixture.text("wipefs-blank.json"))
        return folder
    }

    func partition(_ name: String, of disk: String, _ number: String) {
        let folder = "\(disk)/\(name)"
        write("\(folder)/partition", "1\n")
        link("/sys/dev/block/\(number)", to: folder)
    }

    /// A device-mapper or RAID device on top of others.
    func mapped(_ name: String, _ number: String, on slaves: [(folder: String, name: String)]) {
        let folder = "/sys/devices/virtual/block/\(name)"
        write("\(folder)/dev", number)
        for slave in slaves {
            makeFolder("\(folder)/slaves/\(slave.name)")
            makeFolder("\(slave.folder)/holders/\(name)")
        }
        link("/sys/dev/block/\(number)", to: folder)
    }

    func mount(_ number: String, at point: String, source: String = "none") {
        let old = tree.text("/proc/self/mountinfo") ?? ""
        write("/proc/self/mountinfo", "\(old)\n30 1 \(number) / \(point) rw shared:1 - ext4 \(source) rw\n")
    }

    func byID(_ link: String, _ name: String) {
        write("/dev/\(name)", "")
        self.link("/dev/disk/by-id/\(link)", to: "/dev/\(name)")
    }

    func facts() async -> [DiskFacts] {
        await DiskReader(tree: tree, probe: probe, runner: runner).read()
    }

    func disks() async -> [Disk] { await facts().map { $0.disk() } }

    func inventory(image: ImageReference = .example, imagePull: Bool = false) -> NodeInventory {
        NodeInventory(
            runner: runner, image: image, imagePull: imagePull, tree: tree, probe: probe,
            interfaces: { [.init(interface: "eth0", address: try! IPAddress("10.77.0.1"), prefixLength: 24)] })
    }
}

final class FakeProbe: DeviceProbe {
    private let state = Mutex((nodes: [String: String](), held: Set<String>()))

    func addNode(_ path: String, _ number: String) { state.withLock { $0.nodes[path] = number } }
    func hold(_ path: String) { state.withLock { _ = $0.held.insert(path) } }

    func isNode(_ path: String, number: String) -> Bool { state.withLock { $0.nodes[path] == number } }
    func availability(_ path: String) -> Availability { state.withLock { $0.held.contains(path) ? .held : .free } }
}

/// Answers commands by their name and arguments; any other one can't be started.
final class FakeRunner: CommandRunner {
    private let state = Mutex((answers: [String: CommandResult](), runs: [String]()))

    func answer(_ line: String, _ output: String, exitCode: Int32 = 0, errorOutput: String = "") {
        let result = CommandResult(exitCode: exitCode, output: output, errorOutput: errorOutput)
        state.withLock { $0.answers[line] = result }
    }

    func runs(of program: String) -> Int { state.withLock { $0.runs.count { $0.hasPrefix(program) } } }

    func run(
        _ command: Command, onLine: @escaping @Sendable (String) -> Void
    ) async throws(CommandFailure) -> CommandResult {
        let line = ([command.program.lastPathComponent] + command.arguments).joined(separator: " ")
        let answer = state.withLock { state in
            state.runs.append(line)
            return state.answers[line]
        }
        guard let answer else { throw CommandFailure(command: command, reason: .notStarted(errno: ENOENT)) }
        return answer
    }
}

enum Fixture {
    static func text(_ name: String) -> String {
        let folder = "\(#filePath)".parentPath.parentPath + "/Fixtures"
        guard let text = FileTree().text("\(folder)/\(name)") else { fatalError("no fixture \(name)") }
        return text + "\n"
    }
}
