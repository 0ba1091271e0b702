public import NIOCore

/// Runs a task's work on an event loop, which saves two changes of thread for each call.
public final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    public init(loop: any EventLoop) {
        self.loop = loop
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
