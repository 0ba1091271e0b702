import Glibc
import Testing

@testable import orch_agent

@Suite struct BlockingPoolTests {
    @Test("Blocked threads are not waited for: past the limit the pool refuses at once, and works again afterwards")
    func limit() async throws {
        let pool = BlockingPool(limit: 2)
        let gate = Gate()
        for _ in 0..<2 { try pool.run { gate.pass() } }
        #expect(throws: BlockingPool.Exhausted.self) { try pool.run {} }
        gate.open()
        while true {
            let done = Answer<Bool>()
            guard (try? pool.run { done.fulfil(true) }) != nil else {
                await Task.yield()
                continue
            }
            #expect(await done.value(until: .now + .seconds(60)) == true)
            break
        }
    }

    @Test("Signals are blocked on the pool's threads")
    func signals() async throws {
        let blocked = Answer<Bool>()
        try BlockingPool(limit: 1).run {
            var mask = sigset_t()
            pthread_sigmask(SIG_SETMASK, nil, &mask)
            blocked.fulfil(sigismember(&mask, SIGTERM) == 1)
        }
        #expect(await blocked.value(until: .now + .seconds(60)) == true)
    }
}
