import FoundationEssentials
import Glibc
import IPC

@testable import bootstrap_agent

/// A recorded run of cephadm.
struct RecordedRun {
    let exitCode: Int32
    let output: String
    let errorOutput: String

    init(_ name: String) {
        let text = Fixture.text("cephadm/\(name).txt")
        let parts = text.split(separator: "# --- stdout\n", maxSplits: 1, omittingEmptySubsequences: false)
        let streams = parts[1].split(separator: "# --- stderr\n", maxSplits: 1, omittingEmptySubsequences: false)
        exitCode = parts[0].contains("exit code: 0") || parts[0].contains("rc=0") ? 0 : 1
        output = String(streams[0])
        errorOutput = String(streams[1])
    }

    var result: CommandResult { CommandResult(exitCode: exitCode, output: output, errorOutput: errorOutput) }
}

extension BootstrapChoices {
    static func test(hostname: String = "n1", disks: Int = 2, ntpServers: [ServerName]? = nil) -> BootstrapChoices {
        BootstrapChoices(
            hostname: try! HostName(hostname), address: try! IPAddress("10.77.0.1"),
            disks: (1...disks).map { FakeNode.chosen($0) }, ntpServers: ntpServers)
    }
}

extension BootstrapJob {
    static func test(_ choices: BootstrapChoices = .test()) -> BootstrapJob {
        BootstrapJob(
            choices: choices, fsid: FakeNode.fsid, formerHostname: "debian", formerHostnameFile: "debian\n",
            startedAt: .example)
    }
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/dev/shm/bootstrap-test-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func make(_ folders: String...) {
        for folder in folders {
            try! FileManager.default.createDirectory(atPath: path + folder, withIntermediateDirectories: true)
        }
    }
}
