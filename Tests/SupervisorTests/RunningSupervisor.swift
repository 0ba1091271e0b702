import CLaunch
import Glibc
import IPC
import Logging
import NIOPosix
import Testing

@testable import supervisor

/// The real program in a folder of its own, with scripts in place of the agents, and the test in place of systemd.
final class RunningSupervisor {
    let folder: String
    let process: TestProcess
    let client: AgentClient
    private let systemd: CInt
    private var told: [String] = []

    /// - Parameters:
    ///   - does: what each child does (Fixtures/child.py); "serve" unless it says otherwise.
    ///   - page: the socket for the page as systemd has kept it, from `listener`; nil: the supervisor makes its own.
    init(_ does: [String: String] = [:], page: CInt? = nil) throws {
        var template = Array("/tmp/aquarium-test-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        try Self.write(#"{"listen": "127.0.0.1:0"}"#, to: folder + "/aquarium.json")
        let fixture = String(#filePath.dropLast("RunningSupervisor.swift".count)) + "Fixtures/child.py"
        for program in ["bootstrap-agent", "orch-agent", "gateway"] {
            symlink(fixture, "\(folder)/\(program)")
            try Self.write(does[program] ?? "serve", to: "\(folder)/\(program).does")
        }
        systemd = try Self.datagramSocket(at: folder + "/systemd.sock")
        process = try TestProcess(Self.request(in: folder, page))
        client = AgentClient(
            socketPath: folder + "/run/supervisor.sock", group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    deinit {
        close(systemd)
        process.signal(SIGTERM)
        _ = process.end()
        let programs = ["bootstrap-agent", "orch-agent", "gateway"]
        for file in programs + programs.map({ $0 + ".does" }) + ["aquarium.json", "systemd.sock", "log"] {
            unlink("\(folder)/\(file)")
        }
        for file in ["bootstrap", "orch", "supervisor", "notify"] { unlink("\(folder)/run/\(file).sock") }
        rmdir(folder + "/run")
        rmdir(folder)
    }

    func child(_ name: String) async throws -> Child {
        try #require(try await client.call(SupervisorStatus()).children.first { $0.name == name })
    }

    func log(of name: String) async throws -> [String] {
        try await client.call(SupervisorLogs(name: name)).lines
    }

    func setBehaviour(of program: String, _ does: String) throws {
        try Self.write(does, to: "\(folder)/\(program).does")
    }

    /// Everything that systemd was told so far.
    func notifications() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var sender: pid_t = 0
        while case let length = notify_receive(systemd, &buffer, buffer.count, &sender), length >= 0 {
            told += String(decoding: buffer[..<length], as: UTF8.self).split(separator: "\n").map(String.init)
        }
        return told
    }

    /// What a child answers to a new connection to its Unix socket: its pid.
    func ask(_ name: String) throws -> Int? {
        let descriptor = try connect(name)
        defer { close(descriptor) }
        return try exchange(descriptor, "").flatMap { Int($0) }
    }

    /// A connection to a child's Unix socket; the caller closes it.
    func connect(_ name: String) throws -> CInt {
        try Self.socket(folder + "/run/\(name).sock", SOCK_STREAM) { Glibc.connect($0, $1, $2) }
    }

    func configure(_ json: String) throws { try Self.write(json, to: folder + "/aquarium.json") }

    /// A socket that listens on a port of its own; the caller closes it.
    static func listener() throws -> CInt {
        let descriptor = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let address = SocketAddress(try ListenAddress("127.0.0.1:0"))
        try #require(address.use { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 16) == 0)
        return descriptor
    }

    /// A connection to the port of such a listener; the caller closes it.
    static func connect(to listener: CInt) throws -> CInt {
        let descriptor = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let address = try #require(SocketAddress(listening: listener))
        try #require(address.use { Glibc.connect(descriptor, $0, $1) } == 0)
        return descriptor
    }

    /// Sends something and gives what comes back, at most 64 KiB; nil if the other side closes.
    func exchange(_ descriptor: CInt, _ text: String) throws -> String? {
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(text.utf8)
        if !bytes.isEmpty { try #require(send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    private static func request(in folder: String, _ page: CInt?) -> LaunchRequest {
        var own = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &own, own.count - 1)
        let path = String(decoding: own[..<max(length, 0)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let log = open(folder + "/log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        return LaunchRequest(
            program: path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/supervisor",
            arguments: [
                "--unprivileged", "--run-dir", folder + "/run", "--libexec", folder, "--config",
                folder + "/aquarium.json",
            ],
            environment: [
                "NOTIFY_SOCKET=\(folder)/systemd.sock", "WATCHDOG_USEC=200000",
            ] + (page == nil ? [] : ["LISTEN_FDS=1", "LISTEN_FDNAMES=http", "LISTEN_PID=0000000000"]),
            umask: 0o022, fds: [log, log, log] + (page.map { [$0] } ?? []))
    }

    private static func datagramSocket(at path: String) throws -> CInt {
        let descriptor = try socket(path, SOCK_DGRAM) { bind($0, $1, $2) }
        try #require(notify_enable_sender(descriptor) == 0)
        return descriptor
    }

    private static func socket(
        _ path: String, _ type: __socket_type, _ use: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, CInt(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = try #require(SocketAddress(unix: path)).use { use(descriptor, $0, $1) }
        try #require(result == 0, "\(path): \(String(cString: strerror(errno)))")
        return descriptor
    }

    private static func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }
}

/// Waits for a condition, for at most 20 s.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record(what, sourceLocation: sourceLocation)
}
