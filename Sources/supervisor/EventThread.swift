import Glibc
import Synchronization

/// A thread that waits for file descriptors and for a time, and runs an actor's jobs in between: the supervisor's
/// main loop. It never ends, as the children live no longer than the thread that launched them.
final class EventThread: SerialExecutor {
    /// What to wait for besides jobs.
    struct Interest: Sendable {
        var readable: [CInt] = []
        var writable: [CInt] = []
        var until: SuspendingClock.Instant?
    }

    /// The owner's part of a turn, on this thread: takes what has become ready, and says what to wait for next.
    typealias Turn = @Sendable (_ ready: Set<CInt>) -> Interest

    private struct State {
        var jobs: [UnownedJob] = []
        var turn: Turn?
        var thread: pthread_t?
    }

    private let state = Mutex(State())
    private let wakeRead: CInt
    private let wakeWrite: CInt

    init() throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SocketFailure("pipe", errno: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (wakeRead, wakeWrite) = (ends[0], ends[1])
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let failure = pthread_create(&thread, nil, { EventThread.main($0) }, context)
        guard failure == 0 else { throw SocketFailure("pthread_create", errno: failure) }
    }

    /// To be called once.
    func onTurn(_ turn: @escaping Turn) {
        state.withLock { $0.turn = turn }
        wake()
    }

    // SerialExecutor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    func checkIsolated() {
        precondition(state.withLock { $0.thread } == pthread_self(), "not on the supervisor's own thread")
    }

    // The loop

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let executor = Unmanaged<EventThread>.fromOpaque(context!).takeUnretainedValue()
        executor.state.withLock { $0.thread = pthread_self() }
        var ready: Set<CInt> = []
        while true {
            executor.runJobs()
            let interest = executor.state.withLock { $0.turn }?(ready) ?? Interest()
            ready = executor.wait(interest)
        }
    }

    private func runJobs() {
        for job in state.withLock({ state in
            defer { state.jobs = [] }
            return state.jobs
        }) { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    private func wake() {
        // A full pipe wakes just as well.
        _ = write(wakeWrite, "x", 1)
    }

    private func wait(_ interest: Interest) -> Set<CInt> {
        var polled = ([wakeRead] + interest.readable).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        polled += interest.writable.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), interest.until.map(Self.milliseconds) ?? -1) > 0 else { return [] }
        var scratch: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        if polled[0].revents != 0 { _ = read(wakeRead, &scratch, MemoryLayout.size(ofValue: scratch)) }
        return Set(polled.dropFirst().filter { $0.revents != 0 }.map(\.fd))
    }

    /// From now, rounded up: to wake before the time would be to wake in vain.
    private static func milliseconds(until instant: SuspendingClock.Instant) -> CInt {
        let rest = max(instant - .now, .zero) / .milliseconds(1)
        return CInt(min(rest.rounded(.up), 3_600_000))
    }
}
