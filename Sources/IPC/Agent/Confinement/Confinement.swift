import CLaunch
import Glibc
public import Logging

/// What a process gives up before anybody can talk to it, the same in both ways of running: which files it can reach
/// (Landlock) and which system calls it can make (seccomp). It lasts until its end, and what can't be given up ends it.
///
/// Both need no_new_privs, which the supervisor and the separate units set; a program that a developer starts by hand
/// has neither.
public struct Confinement: Sendable {
    /// Files, and folders with all below them, that it may read once it runs; it may write none.
    public var readable: [String]
    /// Whether it may connect to TCP ports.
    public var mayConnect: Bool
    public var systemCalls: SystemCallFilter

    public init(readable: [String], mayConnect: Bool, systemCalls: SystemCallFilter) {
        self.readable = readable
        self.mayConnect = mayConnect
        self.systemCalls = systemCalls
    }

    /// What every process reads: its settings, the time zone for its log, and the state of its own threads, which
    /// libdispatch counts; it ends the process when it can't. (A rule for /proc/self alone would hold only until the
    /// kernel forgets that folder for a moment.)
    public static func files(config: String) -> [String] {
        [config, "/etc/localtime", "/proc", "/usr/share/zoneinfo"]
    }

    /// To be called while the process has one thread: Landlock holds for the caller and those that it makes.
    /// - Parameter component: the process's name in the log.
    /// - Throws: `ConfinementFailure`.
    func begin(component: String) throws {
        let logger = Logger(label: component)
        guard has_no_new_privs() else {
            logger.debug("started without no_new_privs: not confined")
            return
        }
        try confineFiles(logger)
        // Under the same rules for files: Landlock would else keep it from looking at paths in this process's memory.
        try Witness.start(component: component)
    }

    /// To be called when all is loaded, before the first byte from outside is read: holds for every thread.
    /// - Throws: `ConfinementFailure`.
    public func confineSystemCalls(_ logger: Logger) throws {
        guard has_no_new_privs() else { return }
        try systemCalls.apply(logger)
    }

    func confineFiles(_ logger: Logger) throws {
        let version = landlock_version()
        guard version != 0 else {
            logger.notice("this kernel has no Landlock: files are kept from this process by their modes alone")
            return
        }
        guard version > 0 else {
            throw ConfinementFailure(of: .files, step: "landlock_create_ruleset", errno: -version)
        }
        try withCStrings(readable) { paths in
            var rules = landlock_rules(
                readable: paths.baseAddress, readable_count: paths.count, may_connect: mayConnect)
            let result = landlock_confine(&rules)
            guard result.error == 0 else {
                throw ConfinementFailure(of: .files, step: String(cString: result.step), errno: result.error)
            }
        }
        logger.debug("files are confined", metadata: ["landlock": "\(version)"])
    }

    private func withCStrings(
        _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) throws -> Void
    ) rethrows {
        let pointers = strings.map { UnsafePointer(strdup($0)) }
        defer { for pointer in pointers { free(UnsafeMutableRawPointer(mutating: pointer)) } }
        try pointers.withUnsafeBufferPointer(body)
    }
}

/// Why a process that was to be confined is not, and does not serve.
struct ConfinementFailure: Error, CustomStringConvertible {
    enum Part: String {
        case files = "The files that this process reaches"
        case systemCalls = "The system calls that this process makes"
    }

    let part: Part
    let step: String
    let errno: CInt

    init(of part: Part, step: String, errno: CInt) {
        self.part = part
        self.step = step
        self.errno = errno
    }

    var description: String {
        """
        \(part.rawValue) can't be confined (\(step): \(String(cString: strerror(errno)))), and unconfined it does not \
        serve. Where a unit or a container filters its system calls, that filter has to allow landlock_create_ruleset, \
        landlock_add_rule, landlock_restrict_self and seccomp.
        """
    }
}
