import CLaunch
import Glibc
public import Logging

/// What a process gives up before anybody can talk to it, the same in both ways of running: which files it can reach
/// (Landlock) and which system calls it can make (seccomp). It lasts until its end.
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
    func confineFiles(_ logger: Logger) {
        guard has_no_new_privs() else {
            logger.debug("started without no_new_privs: not confined")
            return
        }
        let version = landlock_version()
        guard version > 0 else {
            logger.notice("this kernel has no Landlock: files are kept from this process by their modes alone")
            return
        }
        let failure = withCStrings(readable) { paths in
            var rules = landlock_rules(
                readable: paths.baseAddress, readable_count: paths.count, may_connect: mayConnect)
            return landlock_confine(&rules)
        }
        if failure == 0 {
            logger.debug("files are confined", metadata: ["landlock": "\(version)"])
        } else {
            logger.error("Landlock failed", metadata: ["error": "\(String(cString: strerror(failure)))"])
        }
    }

    /// To be called when all is loaded, before the first byte from outside is read: holds for every thread.
    public func confineSystemCalls(_ logger: Logger) throws {
        guard has_no_new_privs() else { return }
        try systemCalls.apply(logger)
    }

    private func withCStrings(
        _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> CInt
    ) -> CInt {
        let pointers = strings.map { UnsafePointer(strdup($0)) }
        defer { for pointer in pointers { free(UnsafeMutableRawPointer(mutating: pointer)) } }
        return pointers.withUnsafeBufferPointer(body)
    }
}
