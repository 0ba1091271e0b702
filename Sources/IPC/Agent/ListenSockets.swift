import Glibc

/// Sockets that listen already when the process starts (sd_listen_fds(3)), by their LISTEN_FDNAMES.
public enum ListenSockets {
    /// Takes them from the environment, so that no child process believes they are its own.
    public static func inherited() -> [String: CInt] {
        let found = named(in: environment)
        for variable in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(variable) }
        for descriptor in found.values { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return found
    }

    static func named(in environment: (String) -> String?) -> [String: CInt] {
        guard environment("LISTEN_PID").flatMap(pid_t.init) == getpid(),
            let count = environment("LISTEN_FDS").flatMap(Int.init),
            let names = environment("LISTEN_FDNAMES")?.split(separator: ":"), names.count == count
        else { return [:] }
        return Dictionary(
            names.enumerated().map { place, name in (String(name), first + CInt(place)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// SD_LISTEN_FDS_START
    private static let first: CInt = 3

    /// How many clients may wait to be accepted: all that come while a process is started again.
    private static let backlog: CInt = 1024

    /// To be called when NIO has taken a socket over: it gives it a queue of 128.
    public static func restoreBacklog(of descriptor: CInt) {
        _ = Glibc.listen(descriptor, backlog)
    }

    /// Makes a Unix socket that listens at `path`, for an agent that is started by hand. A socket that nobody
    /// serves any more is replaced; only the file's owner may connect.
    public static func make(at path: String) throws -> CInt {
        guard let address = UnixAddress(path) else {
            throw Problem(
                .requestInvalid, "The socket path \(path) is longer than \(UnixAddress.longestPath) bytes.")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // bind(2) takes the file's mode from the socket's: no moment in which others could connect, and no umask,
        // which would be every thread's.
        fchmod(descriptor, 0o600)
        unlink(path)
        let bound = address.use { bind(descriptor, $0, $1) }
        guard descriptor >= 0, bound == 0, listen(descriptor, backlog) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Problem(
                .requestInvalid, "The socket \(path) can't be made: \(reason).",
                hint: "Check that its folder exists and that you may write there.")
        }
        return descriptor
    }
}
