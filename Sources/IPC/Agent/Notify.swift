import CSystemd
import Glibc

/// Tells the service manager (the supervisor, or systemd where an agent is a unit of its own) how this process is.
/// Without a NOTIFY_SOCKET nobody wants to know, and nothing happens.
public enum Notify {
    public static func ready() { send("READY=1") }
    public static func stopping() { send("STOPPING=1") }
    public static func watchdog() { send("WATCHDOG=1") }

    /// Any assignments of sd_notify(3), one per line.
    public static func send(_ state: String) {
        sd_notify(0, state)
    }

    /// How long the service manager waits for a `watchdog()`; nil if it does not.
    public static var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(microseconds))
    }
}
