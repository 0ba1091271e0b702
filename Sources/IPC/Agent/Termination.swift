@preconcurrency import Dispatch
import Glibc

/// Signals as they come.
public enum Signals {
    /// None of them ends the process by itself from here on.
    public static func stream(_ numbers: [CInt]) -> AsyncStream<CInt> {
        AsyncStream<CInt> { continuation in
            let sources = numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in for source in sources { source.cancel() } }
        }
    }
}

/// The wish to end, as signals.
public enum Termination {
    /// Waits for SIGTERM or SIGINT, neither of which ends the process by itself from here on.
    /// - Returns: the signal's number.
    @discardableResult
    public static func wait() async -> CInt {
        for await number in Signals.stream([SIGTERM, SIGINT]) { return number }
        return SIGTERM
    }
}
