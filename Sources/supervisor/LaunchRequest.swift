import CLaunch
import Glibc

/// Why a child could not be launched.
enum LaunchFailure: Error, Equatable, CustomStringConvertible {
    case userUnknown(String)
    case groupUnknown(String)
    /// A step on the way to its program, as `launch` names them.
    case step(String, errno: CInt)

    var description: String {
        switch self {
        case .userUnknown(let name): "there is no user \(name)"
        case .groupUnknown(let name): "there is no group \(name)"
        case .step(let step, let number): "\(step): \(String(cString: strerror(number)))"
        }
    }
}

/// The ids and capabilities that a child gets.
struct Identity: Equatable {
    let uid: uid_t
    let gid: gid_t
    /// All its supplementary groups.
    let groups: [gid_t]
    /// Bit mask, exactly what all five of its sets hold.
    let capabilities: UInt64
}

extension Identity {
    /// - Returns: nil for a child that stays what the supervisor is.
    init?(_ user: ChildSpec.User) throws(LaunchFailure) {
        guard case .service(let name, let capabilities) = user else { return nil }
        guard let entry = getpwnam(name)?.pointee else { throw .userUnknown(name) }
        guard let group = getgrnam(Topology.socketGroup)?.pointee else { throw .groupUnknown(Topology.socketGroup) }
        self.init(
            uid: entry.pw_uid, gid: entry.pw_gid, groups: [group.gr_gid],
            capabilities: capabilities.reduce(0) { $0 | 1 << UInt64($1) })
    }
}

/// A running child, until its pidfd is closed.
struct LaunchedProcess {
    let pid: pid_t
    /// Readable when it has ended.
    let pidfd: CInt
    /// `MemoryShortage.kills` before it was launched.
    let memoryKills: Int?
}

/// One call of `launch`, with everything it points to. The child leads a session of its own and dies with the thread
/// that launches it.
struct LaunchRequest {
    /// Absolute.
    let program: String
    var arguments: [String] = []
    /// All of it. An entry `LISTEN_PID=0000000000` gets the child's pid.
    var environment: [String] = []
    /// Nil: what the caller is.
    var identity: Identity?
    var noNewPrivileges = false
    var umask: CInt
    var limits: [launch_limit] = []
    /// The child's, from 0.
    let fds: [CInt]

    func launch() throws(LaunchFailure) -> LaunchedProcess {
        let memoryKills = MemoryShortage.kills()
        let result = withCStrings([program] + arguments) { arguments in
            withCStrings(environment) { environment in
                withIdentity { launch(arguments, environment, $0) }
            }
        }
        guard result.pid > 0 else { throw .step(String(cString: result.step), errno: result.error) }
        return LaunchedProcess(pid: result.pid, pidfd: result.pidfd, memoryKills: memoryKills)
    }

    private typealias CStrings = UnsafePointer<UnsafeMutablePointer<CChar>?>

    private func launch(
        _ arguments: CStrings, _ environment: CStrings, _ identity: UnsafePointer<launch_identity>?
    ) -> launch_result {
        limits.withUnsafeBufferPointer { limits in
            fds.withUnsafeBufferPointer { fds in
                var request = launch_request()
                request.path = UnsafePointer(arguments[0])
                request.arguments = arguments
                request.environment = environment
                request.identity = identity
                request.no_new_privs = noNewPrivileges
                request.new_session = true
                request.parent_death_signal = SIGKILL
                request.umask = umask
                request.limits = limits.baseAddress
                request.limit_count = limits.count
                request.fds = fds.baseAddress
                request.fd_count = fds.count
                return CLaunch.launch(&request)
            }
        }
    }

    private func withIdentity(_ body: (UnsafePointer<launch_identity>?) -> launch_result) -> launch_result {
        guard let identity else { return body(nil) }
        return identity.groups.withUnsafeBufferPointer { groups in
            var value = launch_identity(
                uid: identity.uid, gid: identity.gid, groups: groups.baseAddress, group_count: groups.count,
                capabilities: identity.capabilities)
            return body(&value)
        }
    }

    private func withCStrings<R>(_ strings: [String], _ body: (CStrings) -> R) -> R {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }
}
