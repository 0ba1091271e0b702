import CSystemd
import Glibc

/// Sockets that listen already when the process starts (sd_listen_fds(3)), by their LISTEN_FDNAMES.
public enum ListenSockets {
    /// Takes them from the environment, so that no child process believes they are its own.
    public static func inherited() -> [String: CInt] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0, let names else { return [:] }
        defer {
            for index in 0..<Int(count) { free(names[index]) }
            free(names)
        }
        return Dictionary(
            (0..<count).compactMap { index in
                names[Int(index)].map { (String(cString: $0), SD_LISTEN_FDS_START + index) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// How many clients may wait to be accepted: all that come while a process is started again.
    private static let backlog: CInt = 1024

    /// To be called when NIO has taken a socket over: it gives it a queue of 128.
    public static func restoreBacklog(of descriptor: CInt) {
        _ = Glibc.listen(descriptor, backlog)
    }

    /// Makes a Unix socket that listens at `path`, for an agent that is started by hand. A socket that nobody
    /// serves any more is replaced; only the file's owner may connect.
    public static func make(at path: String) throws -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw Problem(.requestInvalid, "The socket path \(path) is longer than \(capacity - 1) bytes.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // bind(2) takes the file's mode from the socket's: no moment in which others could connect, and no umask,
        // which would be every thread's.
        fchmod(descriptor, 0o600)
        unlink(path)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
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
