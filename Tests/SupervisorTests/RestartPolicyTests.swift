import Testing

@testable import supervisor

struct RestartPolicyTests {
    private let start = SuspendingClock.Instant.now
    private func at(_ seconds: Double) -> SuspendingClock.Instant { start + .seconds(seconds) }

    @Test("a child that had been up for longer than a second is restarted at once, a shorter life later")
    func longAndShortLives() {
        var policy = RestartPolicy()
        #expect(policy.childDied(at: at(1.1), upSince: at(0)) == .atOnce)
        #expect(policy.childDied(at: at(2.0), upSince: at(1.2)) == .later)
        #expect(policy.childDied(at: at(9.0), upSince: nil) == .later)
    }

    @Test("each short life in a row doubles the backoff from 50 ms, up to 10 s; a long one begins anew")
    func backoffDoubles() {
        var policy = RestartPolicy()
        var backoffs: [Duration] = []
        for life in 0..<10 {
            // Far enough apart to be no crash loop.
            _ = policy.childDied(at: at(Double(life) * 10), upSince: nil)
            backoffs.append(policy.backoff(jitter: 0))
        }
        #expect(backoffs == [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { .milliseconds($0) })
        #expect(policy.childDied(at: at(200), upSince: at(100)) == .atOnce)
        #expect(policy.childDied(at: at(210), upSince: nil) == .later)
        #expect(policy.backoff(jitter: 0) == .milliseconds(50))
    }

    @Test("jitter spares at most half of the backoff")
    func jitter() {
        var policy = RestartPolicy()
        _ = policy.childDied(at: at(0), upSince: nil)
        #expect(policy.backoff(jitter: 1) == .milliseconds(25))
        #expect(policy.backoff(jitter: 0.5) == .milliseconds(37.5))
    }

    @Test("the fifth death in 30 s is a crash loop, however long the lives were")
    func crashLoop() {
        var policy = RestartPolicy()
        for death in 1...4 { #expect(policy.childDied(at: at(Double(death) * 5), upSince: at(0)) == .atOnce) }
        #expect(policy.childDied(at: at(25), upSince: at(20)) == .crashLoop)
    }

    @Test("deaths that are 30 s old count no more")
    func oldDeaths() {
        var policy = RestartPolicy()
        for death in 0...3 { _ = policy.childDied(at: at(Double(death)), upSince: nil) }
        #expect(policy.childDied(at: at(30), upSince: nil) == .later)
    }

    @Test("a crash loop goes on with each death until the child was up for 30 s")
    func crashLoopEnds() {
        var policy = RestartPolicy()
        for death in 1...5 { _ = policy.childDied(at: at(Double(death)), upSince: nil) }
        #expect(policy.childDied(at: at(36), upSince: at(35.5)) == .crashLoop)
        #expect(policy.childDied(at: at(90), upSince: at(70)) == .crashLoop)
        #expect(policy.childDied(at: at(151), upSince: at(120)) == .atOnce)
        #expect(policy.childDied(at: at(152), upSince: nil) == .later)
    }
}
