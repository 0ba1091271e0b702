import CSeccomp
import Glibc
import Logging

/// Answers, on a thread of its own, every system call that the filter did not allow: EPERM, and a line in the log.
final class RefusedCalls: @unchecked Sendable {
    /// SECCOMP_USER_NOTIF_FLAG_CONTINUE: the kernel carries the call out.
    private static let goOn: UInt32 = 1
    /// SECCOMP_IOCTL_NOTIF_RECV and _SEND: what the kernel and this thread say to each other.
    static let ioctls: [UInt64] = [0xc050_2100, 0xc018_2101]

    private let request: UnsafeMutablePointer<seccomp_notif>
    private let response: UnsafeMutablePointer<seccomp_notif_resp>
    private let logger: Logger
    /// A pipe through which the thread gets the descriptor on which the kernel tells of each call.
    private let handover: (read: CInt, write: CInt)
    /// By system call. Only touched on the one thread.
    private var counts: [CInt: Int] = [:]

    /// To be made before the filter holds: what it asks the kernel here is not allowed afterwards.
    init(logger: Logger) throws {
        var request: UnsafeMutablePointer<seccomp_notif>?
        var response: UnsafeMutablePointer<seccomp_notif_resp>?
        let result = seccomp_notify_alloc(&request, &response)
        guard result == 0, let request, let response else {
            throw SystemCallFilterFailure(step: "notifications", errno: -result)
        }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemCallFilterFailure(step: "pipe", errno: errno) }
        handover = (ends[0], ends[1])
        (self.request, self.response, self.logger) = (request, response, logger)
    }

    /// To be called once, before the filter holds: another thread that is refused something then waits for an answer,
    /// perhaps with a lock in its hands that a new thread would need. The thread never ends.
    func start() throws {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let failure = pthread_create(&thread, nil, { RefusedCalls.main($0) }, context)
        guard failure == 0 else { throw SystemCallFilterFailure(step: "thread", errno: failure) }
        pthread_detach(thread)
    }

    /// To be called once: when the filter holds, or with nil when there is none.
    func listen(on descriptor: CInt?) {
        if var descriptor { _ = write(handover.write, &descriptor, MemoryLayout<CInt>.size) }
        close(handover.write)
    }

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        Unmanaged<RefusedCalls>.fromOpaque(context).takeRetainedValue().answer()
        return nil
    }

    /// A caller waits in the kernel until it is answered, so it is answered first. This thread may itself make no call
    /// that is not allowed: nobody would answer it.
    private func answer() {
        var descriptor: CInt = -1
        let isHandedOver = read(handover.read, &descriptor, MemoryLayout<CInt>.size) == MemoryLayout<CInt>.size
        close(handover.read)
        while isHandedOver {
            request.pointee = seccomp_notif()
            guard seccomp_notify_receive(descriptor, request) == 0 else {
                // The caller was killed meanwhile, or a signal came.
                if errno == ENOENT || errno == EINTR { continue }
                break
            }
            let path = OpenedPath(request.pointee.data)
            let isOwn = path?.isOwnThread ?? false
            response.pointee = seccomp_notif_resp(
                id: request.pointee.id, val: 0, error: isOwn ? 0 : -EPERM, flags: isOwn ? Self.goOn : 0)
            _ = seccomp_notify_respond(descriptor, response)
            if !isOwn { tell(request.pointee, path) }
        }
        guard isHandedOver else { return }
        let reason = String(cString: strerror(errno))
        // With nobody to answer it, the kernel itself refuses, with ENOSYS.
        close(descriptor)
        logger.error("refused system calls are no longer told", metadata: ["error": "\(reason)"])
    }

    /// A hundred of each, then the 2ⁿth: what tries for ever must not fill the log.
    private func tell(_ request: seccomp_notif, _ path: OpenedPath?) {
        let count = counts[request.data.nr, default: 0] + 1
        counts[request.data.nr] = count
        guard count <= 100 || count.nonzeroBitCount == 1 else { return }
        var metadata: Logger.Metadata = [
            "call": "\(Self.name(request.data))", "thread": "\(request.pid)", "pid": "\(getpid())", "count": "\(count)",
        ]
        if let path { metadata["path"] = "\(path.text)" }
        logger.warning("refused a system call", metadata: metadata)
    }

    private static func name(_ data: seccomp_data) -> String {
        guard let name = seccomp_syscall_resolve_num_arch(data.arch, data.nr) else { return "\(data.nr)" }
        defer { free(name) }
        return String(cString: name)
    }
}
