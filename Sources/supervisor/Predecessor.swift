import Glibc

/// A child's process beside which its successor has been launched, on the same socket. It serves on until that one
/// is ready; then it is told to end, and finishes what it has begun.
struct Predecessor {
    let pid: pid_t
    /// When it is killed: its heartbeat has stopped, or it has not ended in time.
    var deadline: SuspendingClock.Instant
    var isTold = false
}
