import Foundation
import IPC
import NIOPosix

@testable import orch_agent

/// A real Ceph on this machine, by `lab/local-cluster`, and a real orch-agent beside it, reached over its socket.
/// Ended by `end()`.
final class LocalCluster: Sendable {
    static let isWanted = ProcessInfo.processInfo.environment["AQUARIUM_LOCAL_CLUSTER"] == "1"

    let client: AgentClient
    private let folder: TemporaryFolder
    private let socketPath: String
    private let agent: ChildProcess

    private var cluster: String { folder.path + "/c" }
    private var state: String { folder.path + "/s" }
    private static let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

    /// Starts the cluster and an agent that does not know of it yet.
    init() async throws {
        folder = try TemporaryFolder()
        let socket = folder.path + "/orch.sock"
        socketPath = socket
        try FileManager.default.createDirectory(atPath: folder.path + "/s", withIntermediateDirectories: false)
        client = AgentClient(
            socketPath: socket, group: MultiThreadedEventLoopGroup.singleton, logger: silentLogger)
        let programs = try URL(filePath: FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent()
        agent = try ChildProcess(
            [programs.appending(path: "orch-agent").path(), "--socket", socket, "--state", folder.path + "/s"],
            output: folder.path + "/agent.log")
        do {
            try await lab("up", "--osds", "2", "--port", "33500", "--modules", "status,orchestrator,test_orchestrator")
        } catch {
            _ = await end()
            throw error
        }
    }

    var isAgentAlive: Bool { agent.isRunning }

    /// What the agent has logged.
    func agentLog() throws -> String { try String(contentsOfFile: folder.path + "/agent.log", encoding: .utf8) }

    /// How often the cluster carried a command of the agent out, as its audit log says.
    func commandCount(_ prefix: String) throws -> Int {
        try String(contentsOfFile: cluster + "/log/cluster.log", encoding: .utf8).split(separator: "\n")
            .filter { $0.contains("client.aquarium") && $0.contains("\"prefix\":\"\(prefix)\"") }.count
    }

    /// What bootstrap-agent does: makes the agent's key with its caps and writes both access files.
    func giveAccess() async throws {
        let key = try await run(
            "/usr/bin/ceph", "-c", cluster + "/ceph.conf", "auth", "get-or-create", "client.aquarium", "mon", "allow r",
            "mgr", "allow r")
        try copyConfiguration()
        try folder.write(key, to: "s/ceph.client.aquarium.keyring")
    }

    /// Calls a method so many times in one batch, which the agent begins all at once.
    /// - Returns: the line of all answers.
    func callAtOnce(_ method: String, times: Int) async throws -> String {
        let calls = (0..<times).map { #"{"id":\#($0),"method":"\#(method)"}"# }.joined(separator: ",")
        let path = socketPath
        return try await withCheckedThrowingContinuation { continuation in
            // On a thread of its own: it waits.
            DispatchQueue.global().async {
                continuation.resume(with: Result { try exchange("[\(calls)]\n", with: path) })
            }
        }
    }

    func copyConfiguration() throws {
        try FileManager.default.copyItem(atPath: cluster + "/ceph.conf", toPath: state + "/ceph.conf")
    }

    func takeAccess() throws { try folder.remove("s/ceph.conf") }
    func kill(_ daemon: String) async throws { try await lab("kill", daemon) }
    func start(_ daemon: String) async throws { try await lab("start", daemon) }

    /// Ends agent and cluster.
    /// - Returns: how the agent ended; see `ChildProcess.end`.
    func end() async -> CInt {
        await client.close()
        agent.terminate()
        let result = await agent.end()
        try? await lab("stop")
        return result
    }

    private func lab(_ verb: String, _ arguments: String...) async throws {
        _ = try await run([Self.root + "/lab/local-cluster", verb, cluster] + arguments)
    }

    private func run(_ words: String...) async throws -> String {
        try await run(words)
    }

    /// - Returns: what it printed.
    private func run(_ words: [String]) async throws -> String {
        let output = folder.path + "/output"
        let code = await (try ChildProcess(words, output: output)).end()
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard code == 0 else { throw RadosError(call: words.joined(separator: " "), code: code, text: text) }
        return text
    }
}

/// Sends the text to a Unix socket, says that no more will come, and reads until the other end closes.
private func exchange(_ text: String, with path: String) throws -> String {
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard connected == 0, send(descriptor, text, text.utf8.count, CInt(MSG_NOSIGNAL)) == text.utf8.count else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    shutdown(descriptor, CInt(SHUT_WR))
    return String(decoding: FileHandle(fileDescriptor: descriptor).readDataToEndOfFile(), as: UTF8.self)
}
