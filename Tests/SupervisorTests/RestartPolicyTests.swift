import Testing

@testable import supervisor

struct RestartPolicyTests {
    private let start = SuspendingClock.Instant.now
    private func at(_ seconds: Double) -> SuspendingClock.Instant { start + .seconds(seconds) }

    @Test("a child that had been up for longer than a second is restarted at once, a shorter life later")
    func longAndShortLives() {
        var policy = RestartPolicy()
        #expect(policy.died(at: at(1.1), upSince: at(0)) == .atOnce)
        #expect(policy.died(at: at(2.0), upSince: at(1.2)) == .later)
        #expect(policy.died(at: at(9.0), upSince: nil) == .later)
    }

    @Test("each short life in a row doubles the backoff from 50 ms, up to 10 s; a long one begins anew")
    func backoffDoubles() {
        var policy = RestartPolicy()
        var backoffs: [Duration] = []
        for life in 0..<10 {
            // Far enough apart to be no crash loop.
            _ = policy.died(at: at(Double(life) * 10), upSince: nil)
            backoffs.append(policy.backoff(jitter: 0))
        }
        #expect(backoffs == [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { .milliseconds($0) })
        #expect(policy.died(at: at(200), upSince: at(100)) == .atOnce)
        #expect(policy.died(at: at(210), upSince: nil) == .later)
        #expect(policy.backoff(jitter: 0) == .milliseconds(50))
    }

    @Test("jitter spares at most half of the backoff")
    func jitter() {
        var policy = RestartPolicy()
        _ = policy.died(at: at(0), upSince: nil)
        #expect(policy.backoff(jitter: 1) == .milliseconds(25))
        #expect(policy.backoff(jitter: 0.5) == .milliseconds(37.5))
    }

    @Test("the fifth death in 30 s is a crash loop, however long the lives were")
    func crashLoop() {
        var policy = RestartPolicy()
        for death in 1...4 { #expect(policy.died(at: at(Double(death) * 5), upSince: at(0)) == .atOnce) }
        #expect(policy.died(at: at(25), upSince: at(20)) == .crashLoop)
    }

    @Test("deaths that are 30 s old count no more")
    func oldDeaths() {
        var policy = RestartPolicy()
        for death in 0...3 { _ = policy.died(at: at(Double(death)), upSince: nil) }
        #expect(policy.died(at: at(30), upSince: nil) == .later)
    }

    @Test("a crash loop goes on with each death until the child was up for 30 s")
    func crashLoopEnds() {
        var policy = RestartPolicy()
        for death in 1...5 { _ = policy.died(at: at(Double(death)), upSince: nil) }
        #expect(policy.died(at: at(36), upSince: at(35.5)) == .crashLoop)
        #expect(policy.died(at: at(90), upSince: at(70)) == .crashLoop)
        #expect(policy.died(at: at(151), upSince: at(120)) == .atOnce)
        #expect(policy.died(at: at(152), upSince: nil) == .later)
    }

    @Test("200 kills from outside in 30 s, of lives long and short, are no crash loop and cost no pause")
    func outside() {
        var policy = RestartPolicy()
        for kill in 0..<400 {
            let now = Double(kill) * 0.15
            #expect(policy.childDied(at: at(now), upSince: at(now - 0.1), of: .outside) == .atOnce)
        }
        // Nor do they make the child's own deaths count for more, or for less.
        #expect(policy.died(at: at(60.1), upSince: at(60)) == .later)
        #expect(policy.backoff(jitter: 0) == .milliseconds(50))
        for death in 1...3 { #expect(policy.died(at: at(60 + Double(death) * 2), upSince: at(61)) != .crashLoop) }
        #expect(policy.childDied(at: at(67), upSince: at(66.9), of: .outside) == .atOnce)
        #expect(policy.died(at: at(68), upSince: at(67)) == .crashLoop)
    }

    @Test("what is killed before READY=1 is spared once; a second such life in a row is the child's own fault")
    func killedBeforeReady() {
        var policy = RestartPolicy()
        for round in 0..<10 {
            let now = Double(round)
            #expect(policy.childDied(at: at(now), upSince: nil, of: .outside) == .atOnce)
            #expect(policy.childDied(at: at(now + 0.2), upSince: at(now + 0.1), of: .outside) == .atOnce)
        }
        #expect(policy.childDied(at: at(20), upSince: nil, of: .outside) == .atOnce)
        for death in 1...4 {
            #expect(policy.childDied(at: at(20 + Double(death)), upSince: nil, of: .outside) == .later)
        }
        #expect(policy.childDied(at: at(25), upSince: nil, of: .outside) == .crashLoop)
    }

    @Test("whatever kills 300 times in 30 s is a crash loop, so that no killer makes the machine launch for ever")
    func killedForEver() {
        var policy = RestartPolicy()
        let verdicts = (1...400).map { kill in
            let now = Double(kill) * 0.05
            return policy.childDied(at: at(now), upSince: at(now - 0.01), of: .outside)
        }
        #expect(verdicts.firstIndex(of: .crashLoop) == RestartPolicy.crashLoopKills - 1)
        #expect(verdicts.suffix(101).allSatisfy { $0 == .crashLoop })
    }
}

extension RestartPolicy {
    /// By its own fault.
    fileprivate mutating func died(
        at now: SuspendingClock.Instant, upSince: SuspendingClock.Instant?
    ) -> Verdict {
        childDied(at: now, upSince: upSince, of: .own)
    }
}
