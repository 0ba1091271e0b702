import Glibc

/// Tells the service manager (the supervisor, or systemd where an agent is a unit of its own) how this process is, as
/// sd_notify(3) has it. Without a NOTIFY_SOCKET nobody wants to know, and nothing happens.
///
/// Not through libsystemd, which loads six more libraries into each process: its protocol is as stable (see that page),
/// and is a datagram.
public enum Notify {
    public static func ready() { send("READY=1") }
    public static func stopping() { send("STOPPING=1") }
    public static func watchdog() { send("WATCHDOG=1") }

    /// Any assignments of sd_notify(3), one per line.
    static func send(_ state: String, to path: String? = environment("NOTIFY_SOCKET")) {
        guard let path, let address = UnixAddress(path) else { return }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        let bytes = Array(state.utf8)
        address.use { _ = sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, $1) }
    }

    /// How long the service manager waits for a `watchdog()` (sd_watchdog_enabled(3)); nil if it does not.
    public static var watchdogInterval: Duration? { watchdogInterval(environment) }

    static func watchdogInterval(_ environment: (String) -> String?) -> Duration? {
        guard let microseconds = environment("WATCHDOG_USEC").flatMap(Int64.init), microseconds > 0 else { return nil }
        if let process = environment("WATCHDOG_PID"), pid_t(process) != getpid() { return nil }
        return .microseconds(microseconds)
    }
}

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
