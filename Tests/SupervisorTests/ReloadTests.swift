import Glibc
import IPC
import Testing

@testable import supervisor

/// `ChildDriver+Reload`, with processes that exist only as numbers.
struct ReloadTests {
    private let agent = ChildSpec(name: "agent", program: "agent", user: .root, socket: .unix("agent"), mayCall: [])
    private let front = ChildSpec(
        name: "front", program: "front", user: .root, socket: .tcp("http"), mayOverlap: true, mayCall: ["agent"])

    private func running() -> Appliance {
        let appliance = Appliance([agent, front])
        appliance.ready("agent")
        appliance.ready("front")
        appliance.host.launches = []
        return appliance
    }

    @Test("the new process is launched beside the old one, which is told to end when the new one is ready")
    func handOver() {
        let appliance = running()
        let old = appliance.pid("front")
        appliance.driver.reload()
        #expect(appliance.host.launches == ["front"])
        #expect(appliance.host.signals == [])
        #expect(appliance.driver.isReloading)
        #expect(appliance.pid("front") != old)
        appliance.ready("front")
        #expect(appliance.host.signals == ["front TERM"])
        #expect(!appliance.driver.isReloading)
        #expect(appliance.state("front") == .running)
        appliance.driver.died(old, .code(0))
        #expect(appliance.state("front") == .running)
        #expect(appliance.driver.children[1].predecessors.isEmpty)
        #expect(appliance.driver.children[1].lastExit == nil)
    }

    @Test("a predecessor that does not finish within 10 s is killed, though it goes on beating")
    func drain() {
        let appliance = running()
        let old = appliance.pid("front")
        appliance.driver.reload()
        appliance.ready("front")
        for _ in 0..<9 {
            appliance.wait(.seconds(1))
            appliance.driver.notified(by: old, NotifyMessage(isHeartbeat: true))
            for name in ["agent", "front"] { appliance.says(name, NotifyMessage(isHeartbeat: true)) }
        }
        #expect(appliance.host.signals == ["front TERM"])
        appliance.wait(.seconds(1))
        #expect(appliance.host.signals == ["front TERM", "front KILL"])
        #expect(appliance.state("front") == .running)
    }

    @Test("where the new program is no good the old process serves on, however long, and nobody answers in its place")
    func brokenUpgrade() {
        let appliance = running()
        let old = appliance.pid("front")
        appliance.driver.reload()
        for death in 1...5 {
            appliance.died("front", .code(1))
            #expect(!appliance.driver.isReloading, "death \(death)")
            if appliance.state("front") == .backoff { appliance.wait(.seconds(1)) }
            appliance.driver.notified(by: old, NotifyMessage(isHeartbeat: true))
            appliance.says("agent", NotifyMessage(isHeartbeat: true))
        }
        #expect(appliance.state("front") == .crashLoop)
        #expect(!appliance.driver.children[1].isAnsweredFor)
        #expect(appliance.host.signals == [])
        // Its heart stops at last.
        appliance.wait(.seconds(5))
        #expect(appliance.host.signals.contains("front KILL"))
        appliance.driver.died(old, .signal(SIGKILL))
        #expect(appliance.driver.children[1].isAnsweredFor)
    }

    @Test("what has changed on the disk is restarted, callers after those they call, one at a time; the rest is left")
    func order() {
        let appliance = running()
        appliance.host.outdated = ["agent"]
        appliance.driver.reload()
        #expect(appliance.host.signals == ["agent TERM"])
        #expect(appliance.host.launches == [])
        appliance.died("agent", .code(0))
        #expect(appliance.host.launches == ["agent"])
        appliance.ready("agent")
        #expect(appliance.host.launches == ["agent", "front"])
        #expect(appliance.driver.isReloading)
        appliance.ready("front")
        #expect(!appliance.driver.isReloading)
    }

    @Test("a second reload during the first renews everything once more")
    func twice() {
        let appliance = running()
        appliance.driver.reload()
        appliance.driver.reload()
        appliance.ready("front")
        #expect(appliance.host.launches == ["front", "front"])
        #expect(appliance.driver.isReloading)
        appliance.ready("front")
        #expect(!appliance.driver.isReloading)
        #expect(appliance.host.signals == ["front TERM", "front TERM"])
        #expect(appliance.driver.children[1].predecessors.count == 2)
    }

    @Test("stopping ends predecessors too, waits for them, and those they call outlive them")
    func stop() {
        let appliance = running()
        let old = appliance.pid("front")
        appliance.driver.reload()
        appliance.driver.stop()
        #expect(appliance.host.signals == ["front TERM", "front TERM"])
        #expect(!appliance.driver.isReloading)
        appliance.died("front", .code(0))
        #expect(!appliance.host.signals.contains("agent TERM"))
        appliance.driver.died(old, .code(0))
        #expect(appliance.host.signals.last == "agent TERM")
        appliance.died("agent", .code(0))
        #expect(appliance.driver.isStopped)
    }

    @Test("nothing is renewed while the appliance stops")
    func tooLate() {
        let appliance = running()
        appliance.driver.stop()
        appliance.driver.reload()
        #expect(appliance.host.launches == [])
    }
}
