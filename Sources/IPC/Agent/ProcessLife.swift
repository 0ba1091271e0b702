import Glibc
public import Logging
public import NIOCore

/// From ready to the wish to end, the same for every process.
public enum ProcessLife {
    /// A peer that goes away must be an error of a write, not the end of the process.
    public static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Says READY=1, keeps the heartbeat from `loop`, so that it stops when the loop does, and returns at SIGTERM or
    /// SIGINT, after STOPPING=1.
    public static func run(on loop: any EventLoop, logger: Logger) async {
        let heartbeat = Notify.watchdogInterval.map { interval in
            let period = TimeAmount(interval / 3)
            return loop.scheduleRepeatedTask(initialDelay: .zero, delay: period) { _ in Notify.watchdog() }
        }
        Notify.ready()
        logger.info("ready")
        let number = await Termination.wait()
        logger.info("stopping", metadata: ["signal": "\(number)"])
        Notify.stopping()
        heartbeat?.cancel()
    }
}
