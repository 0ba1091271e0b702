import FoundationEssentials
import Glibc
import IPC
import Logging
import Synchronization

@testable import orch_agent

let silentLogger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// A recorded output of Ceph; see Fixtures/README.md.
func fixture(_ name: String, _ version: String = "16.2.15") throws -> [UInt8] {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return [UInt8](try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/\(version)/\(name).json")))
}

func call(within time: Duration? = nil) -> Call {
    Call(
        requestId: "test", peer: Peer(class: .root, uid: 0, pid: 1), deadline: time.map { .now + $0 },
        logger: silentLogger)
}

/// Holds threads up until it is opened.
final class Gate: Sendable {
    private let semaphore = Semaphore()

    func pass() {
        semaphore.wait()
        semaphore.post()
    }

    func open() { semaphore.post() }
}

final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { sem_init(semaphore, 0, 0) }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    func wait() { while sem_wait(semaphore) != 0 {} }
    func post() { sem_post(semaphore) }
}

/// A cluster that answers what a test says: by the command's prefix, or by `mon` or `mgr`.
final class FakeCeph: CommandChannel {
    enum Reply: Sendable {
        case output([UInt8])
        case failure(RadosError)
        /// No answer until the gate is opened.
        case silence(Gate)
    }

    private struct State {
        var replies: [String: Reply]
        var sent: [String] = []
    }

    private let state: Mutex<State>

    init(_ replies: [String: Reply]) {
        state = Mutex(State(replies: replies))
    }

    /// A healthy cluster, as recorded.
    convenience init() throws {
        let files = [
            "status": "status", "versions": "versions", "mgr stat": "mgr_stat", "osd dump": "osd_dump",
            "log last": "log_last_cephadm", "osd df": "osd_df_tree", "orch ls": "orch_ls", "orch ps": "orch_ps",
            "orch host ls": "orch_host_ls", "orch device ls": "orch_device_ls",
        ]
        self.init(try files.mapValues { .output(try fixture($0)) })
    }

    /// The prefixes of the commands that were sent.
    var sent: [String] { state.withLock(\.sent) }

    func set(_ prefix: String, _ reply: Reply?) {
        state.withLock { $0.replies[prefix] = reply }
    }

    func send(_ command: [UInt8], to target: Target) throws(RadosError) -> [UInt8] {
        let prefix = (try? WireCoding.decode([String: JSON].self, from: command)["prefix"]) ?? nil
        guard case .string(let prefix) = prefix else { throw RadosError(call: "fake", code: EINVAL, text: "no prefix") }
        let reply = state.withLock { state in
            state.sent.append(prefix)
            return state.replies[target.rawValue] ?? state.replies[prefix]
        }
        switch reply {
        case .output(let bytes): return bytes
        case .failure(let error): throw error
        case .silence(let gate):
            gate.pass()
            throw RadosError(call: "fake", code: ECANCELED, text: "the gate was opened")
        case nil: throw RadosError(call: "fake", code: EINVAL, text: "No handler found for '\(prefix)'")
        }
    }
}

/// A folder that is removed in the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/aqXXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RadosError(call: "mkdtemp", code: errno, text: "") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"), options: .atomic)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
}
