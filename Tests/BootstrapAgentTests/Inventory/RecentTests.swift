import Synchronization
import Testing

@testable import bootstrap_agent

@Suite struct RecentTests {
    private final class Clock: Sendable {
        private let offset = Mutex(Duration.zero)
        private let start = ContinuousClock.now
        func advance(by duration: Duration) { offset.withLock { $0 += duration } }
        var now: ContinuousClock.Instant { start + offset.withLock { $0 } }
    }

    @Test("A value is made again when its age or its key says so")
    func age() async {
        let clock = Clock()
        let made = Mutex(0)
        let recent = Recent<String, Int>(age: .seconds(10)) { clock.now }
        func value(_ key: String) async -> Int {
            await recent.value(for: key) {
                made.withLock {
                    $0 += 1
                    return $0
                }
            }
        }
        #expect(await value("a") == 1)
        clock.advance(by: .seconds(9))
        #expect(await value("a") == 1)
        #expect(await value("b") == 2)
        clock.advance(by: .seconds(10))
        #expect(await value("b") == 3)
    }
}
