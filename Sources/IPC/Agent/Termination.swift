@preconcurrency import Dispatch
import Glibc

/// The wish to end, as signals.
public enum Termination {
    /// Waits for SIGTERM or SIGINT, neither of which ends the process by itself from here on.
    /// - Returns: the signal's number.
    @discardableResult
    public static func wait() async -> CInt {
        let signals = AsyncStream<CInt> { continuation in
            let sources = [SIGTERM, SIGINT].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in for source in sources { source.cancel() } }
        }
        for await number in signals { return number }
        return SIGTERM
    }
}
