import CLaunch  // whose headers bring pthread_attr_t before Glibc does
import Glibc
import Synchronization

/// Threads for calls that block, so that they never hold up Swift's cooperative pool. Threads are made when they are
/// needed and kept for the next call; the pool lives as long as the process.
final class BlockingPool: Sendable {
    /// No thread is free, and the limit, or the system's, is reached.
    struct Exhausted: Error {}

    private struct State {
        var idle: [Worker] = []
        var count = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Runs `work` on a thread of the pool; never waits for one.
    func run(_ work: @escaping @Sendable () -> Void) throws(Exhausted) {
        let idle = try state.withLock { state throws(Exhausted) -> Worker? in
            if let worker = state.idle.popLast() { return worker }
            guard state.count < limit else { throw Exhausted() }
            state.count += 1
            return nil
        }
        let worker = idle ?? Worker(self)
        worker.start(work)
        guard idle != nil || Thread.detach(worker.loop) else {
            state.withLock { $0.count -= 1 }
            throw Exhausted()
        }
    }

    fileprivate func park(_ worker: Worker) {
        state.withLock { $0.idle.append(worker) }
    }
}

/// One thread: waits for work, does it, waits again. Only its own thread reads `work`, after the semaphore.
private final class Worker: @unchecked Sendable {
    private let pool: BlockingPool
    private let wake: UnsafeMutablePointer<sem_t>
    private var work: @Sendable () -> Void = {}

    init(_ pool: BlockingPool) {
        self.pool = pool
        wake = .allocate(capacity: 1)
        sem_init(wake, 0, 0)
    }

    func start(_ work: @escaping @Sendable () -> Void) {
        self.work = work
        sem_post(wake)
    }

    deinit {
        sem_destroy(wake)
        wake.deallocate()
    }

    @Sendable func loop() {
        while true {
            while sem_wait(wake) != 0 {}
            work()
            work = {}  // what it captured must not live until the next call
            pool.park(self)
        }
    }
}

/// An OS thread of its own.
enum Thread {
    /// Runs `body` on a new detached thread. All signals are blocked in it and in the threads that it starts, so that
    /// none of librados's threads takes a signal that is meant for the process.
    /// - Returns: whether the system had a thread to give.
    static func detach(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 1 << 20)

        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        guard pthread_create(&thread, &attributes, enter, box.toOpaque()) == 0 else {
            box.release()
            return false
        }
        return true
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
    }
}
