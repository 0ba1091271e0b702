/// Which refused calls get a line of their own in the log, and of how many others it is told that they were left out:
/// what tries for ever must not fill the log, and nothing may go untold.
struct RefusalLimit {
    typealias Instant = ContinuousClock.Instant

    /// How many get a line in a window, which begins with the first of them; beyond, only the first of each name.
    static let most = 100
    static let window = Duration.seconds(10)

    private var end: Instant?
    private var told = 0
    /// Of names there are some hundred: what has none has one in common.
    private var names: Set<String> = []
    private var others: [String: Int] = [:]

    /// - Returns: whether this call gets a line.
    mutating func mayTell(_ call: String, at now: Instant) -> Bool {
        if end == nil { end = now + Self.window }
        let isFirst = names.insert(call).inserted
        if told < Self.most || isFirst {
            told += 1
            return true
        }
        others[call, default: 0] += 1
        return false
    }

    /// - Returns: when a window has ended, or all is over, what was left out in it, by name.
    mutating func leftOut(at now: Instant, isOver: Bool) -> [(call: String, count: Int)] {
        guard let end, now >= end || isOver else { return [] }
        defer { self = RefusalLimit() }
        return others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Milliseconds until the window ends; -1: there is none.
    func wait(at now: Instant) -> CInt {
        guard let end else { return -1 }
        return CInt(max(now.duration(to: end) / .milliseconds(1), 0).rounded(.up))
    }
}
