/// What is to follow a child's death, told from its deaths before. Pure: the time, the cause and the randomness come in.
struct RestartPolicy {
    enum Verdict: Equatable {
        case atOnce
        /// After `backoff`.
        case later
        /// Tried again every `crashLoopPause`.
        case crashLoop
    }

    /// Who is to blame for a death.
    enum Cause: Equatable {
        /// The program: it ended, was silent for too long, or its memory was wanted.
        case own
        /// SIGKILL by another hand than the supervisor's or the kernel's. It says nothing against the program.
        case outside
    }

    static let longEnough = Duration.seconds(1)
    static let firstBackoff = Duration.milliseconds(50)
    static let longestBackoff = Duration.seconds(10)
    static let crashLoopDeaths = 5
    /// The same for deaths of whatever cause: what kills a child ten times a second does not stop by itself, and each
    /// start costs the machine.
    static let crashLoopKills = 300
    static let crashLoopWindow = Duration.seconds(30)
    static let crashLoopPause = Duration.seconds(30)

    private var recentDeaths: [(at: SuspendingClock.Instant, cause: Cause)] = []
    private var shortLives = 0
    private var isLooping = false
    /// Lives in a row that ended before READY=1.
    private var vainLives = 0

    /// - Parameter upSince: when the child said READY=1; nil if it never did.
    mutating func childDied(
        at now: SuspendingClock.Instant, upSince: SuspendingClock.Instant?, of cause: Cause
    ) -> Verdict {
        vainLives = upSince == nil ? vainLives + 1 : 0
        // A program that came up in neither of its last two lives has not shown that it can.
        let cause = vainLives < 2 ? cause : .own
        let uptime = upSince.map { now - $0 } ?? .zero
        recentDeaths = recentDeaths.filter { now - $0.at < Self.crashLoopWindow } + [(now, cause)]
        // A child that crashed in a loop has to prove itself for as long as a loop is counted over.
        isLooping = hasLooped || (isLooping && uptime < Self.crashLoopWindow)
        let isAtFault = cause == .own && uptime <= Self.longEnough
        shortLives = isAtFault ? shortLives + 1 : 0
        if isLooping { return .crashLoop }
        return isAtFault ? .later : .atOnce
    }

    private var hasLooped: Bool {
        recentDeaths.count { $0.cause == .own } >= Self.crashLoopDeaths || recentDeaths.count >= Self.crashLoopKills
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
