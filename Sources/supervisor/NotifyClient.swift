import Glibc

/// Tells the supervisor's own service manager, like sd_notify(3) but without ever waiting: a systemd that hangs must
/// not stop the supervision.
struct NotifyClient {
    /// Nil: nobody wants to know.
    private let path: String?
    private let descriptor: CInt

    init(path: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
        self.path = path
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    /// - Parameter passed: a descriptor that the receiver gets a copy of.
    /// - Returns: false if the receiver's queue is full; true also if nobody is there to listen.
    func send(_ message: String, _ passed: CInt? = nil) -> Bool {
        guard let path, let address = SocketAddress(unix: path) else { return true }
        var text = Array(message.utf8)
        let sent = text.withUnsafeMutableBytes { text in
            Self.withControl(passing: passed) { control in
                address.use { name, length in
                    var part = iovec(iov_base: text.baseAddress, iov_len: text.count)
                    return withUnsafeMutablePointer(to: &part) { part in
                        var header = msghdr()
                        header.msg_name = UnsafeMutableRawPointer(mutating: name)
                        header.msg_namelen = length
                        header.msg_iov = part
                        header.msg_iovlen = 1
                        header.msg_control = control?.baseAddress
                        header.msg_controllen = control?.count ?? 0
                        return sendmsg(descriptor, &header, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                    }
                }
            }
        }
        return sent != -1 || errno != EAGAIN
    }

    /// One SCM_RIGHTS message as cmsg(3) lays it out: a `cmsghdr` and one descriptor, padded to whole words.
    private static func withControl<R>(
        passing descriptor: CInt?, _ body: (UnsafeMutableRawBufferPointer?) -> R
    ) -> R {
        guard let descriptor else { return body(nil) }
        let rights: CInt = 1  // SCM_RIGHTS, which Glibc's module leaves out
        return withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            control.storeBytes(of: 16 + MemoryLayout<CInt>.size, toByteOffset: 0, as: Int.self)
            control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: CInt.self)
            control.storeBytes(of: rights, toByteOffset: 12, as: CInt.self)
            control.storeBytes(of: descriptor, toByteOffset: 16, as: CInt.self)
            return body(control)
        }
    }
}
