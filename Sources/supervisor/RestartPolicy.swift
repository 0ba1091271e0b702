/// What is to follow a child's death, told from its deaths before. Pure: the time and the randomness come in.
struct RestartPolicy {
    enum Verdict: Equatable {
        case atOnce
        /// After `backoff`.
        case later
        /// Tried again every `crashLoopPause`.
        case crashLoop
    }

    static let longEnough = Duration.seconds(1)
    static let firstBackoff = Duration.milliseconds(50)
    static let longestBackoff = Duration.seconds(10)
    static let crashLoopDeaths = 5
    static let crashLoopWindow = Duration.seconds(30)
    static let crashLoopPause = Duration.seconds(30)

    private var recentDeaths: [SuspendingClock.Instant] = []
    private var shortLives = 0
    private var isLooping = false

    /// - Parameter upSince: when the child said READY=1; nil if it never did.
    mutating func childDied(at now: SuspendingClock.Instant, upSince: SuspendingClock.Instant?) -> Verdict {
        let uptime = upSince.map { now - $0 } ?? .zero
        recentDeaths = recentDeaths.filter { now - $0 < Self.crashLoopWindow } + [now]
        // A child that crashed in a loop has to prove itself for as long as a loop is counted over.
        isLooping = recentDeaths.count >= Self.crashLoopDeaths || (isLooping && uptime < Self.crashLoopWindow)
        let wasShort = uptime <= Self.longEnough
        shortLives = wasShort ? shortLives + 1 : 0
        if isLooping { return .crashLoop }
        return wasShort ? .later : .atOnce
    }

    /// How long to wait after the latest death: 50 ms × 2ⁿ for the n-th short life in a row, at most 10 s, of which
    /// a random half is spared so that children which died together don't come back together.
    /// - Parameter jitter: 0 to 1.
    func backoff(jitter: Double) -> Duration {
        let doublings = min(max(shortLives - 1, 0), 16)
        let full = min(Self.firstBackoff * (1 << doublings), Self.longestBackoff)
        return full * (1 - jitter / 2)
    }
}
