import Testing

@testable import orch_agent

@Suite struct LaneTests {
    private let far = ContinuousClock.now + .seconds(60)

    private func lane(_ limits: Lane.Limits = Lane.Limits(), threads: Int = 32) -> Lane {
        Lane(to: .mgr, pool: BlockingPool(limit: threads), limits: limits, logger: silentLogger)
    }

    @Test("A hundred callers with the same question cause one call, whose result reaches who still waits")
    func coalescing() async throws {
        let lane = lane()
        let gate = Gate()
        await withTaskGroup { group in
            for _ in 0..<100 {
                group.addTask { try? await lane.call("q", until: .now) { () throws(OrchFailure) in gate.pass() } }
            }
        }
        #expect(lane.running == 1)
        async let late: Void = lane.call("q", until: far) { () throws(OrchFailure) in }
        gate.open()
        try await late
    }

    @Test("At its time limit a call is left behind, and the same question fails at once instead of taking a thread")
    func leftBehind() async {
        let lane = lane(Lane.Limits(time: .zero))
        let gate = Gate()
        for _ in 0..<3 {
            await #expect {
                try await lane.call("q", until: far) { () throws(OrchFailure) in gate.pass() }
            } throws: {
                guard case .silent(.mgr, for: _) = $0 as? OrchFailure else { return false }
                return true
            }
        }
        #expect(lane.running == 1)
        gate.open()
    }

    @Test("No more calls are left behind than the bound; then a new one fails at once")
    func bound() async {
        let lane = lane(Lane.Limits(time: .zero, calls: 3))
        let gate = Gate()
        for number in 0..<3 {
            _ = try? await lane.call("q\(number)", until: far) { () throws(OrchFailure) in gate.pass() }
        }
        await #expect(throws: OrchFailure.stuck(.mgr, calls: 3)) {
            try await lane.call("another", until: far) { () throws(OrchFailure) in gate.pass() }
        }
        #expect(lane.running == 3)
        gate.open()
    }

    @Test("When the daemon answers after all, the threads that were left behind are free again")
    func recovery() async throws {
        let lane = lane(Lane.Limits(calls: 1))
        let gate = Gate()
        _ = try? await lane.call("q", until: .now) { () throws(OrchFailure) in gate.pass() }
        #expect(lane.running == 1)
        async let late: Void = lane.call("q", until: far) { () throws(OrchFailure) in }
        gate.open()
        try await late
        #expect(lane.running == 0)
        #expect(lane.answeredAt != nil)
        #expect(try await lane.call("q2", until: far) { () throws(OrchFailure) in 2 } == 2)
    }

    @Test("A call that was swallowed is sent again after a while")
    func resend() async throws {
        let lane = lane(Lane.Limits(resend: .zero))
        let gate = Gate()
        _ = try? await lane.call("q", until: .now) { () throws(OrchFailure) in gate.pass() }
        try await lane.call("q", until: far) { () throws(OrchFailure) in }
        #expect(lane.running == 1)
        gate.open()
    }

    @Test("A pool without a free thread is told as such, and a failure reaches everybody who asked")
    func failures() async {
        await #expect(throws: OrchFailure.noThread) {
            try await lane(threads: 0).call("q", until: far) { () throws(OrchFailure) in }
        }
        await #expect(throws: OrchFailure.absent) {
            try await lane().call("q", until: far) { () throws(OrchFailure) -> Int in throw .absent }
        }
    }
}
