import Glibc
import IPC
import Testing

@testable import supervisor

struct ServiceManagerTests {
    /// systemd, as far as it hears.
    private final class Listener {
        var heard: [String] = []
        var isDeaf = false
        func hear(_ message: String, _ descriptor: CInt?) -> Bool {
            if !isDeaf { heard.append(message + (descriptor.map { " with \($0)" } ?? "")) }
            return !isDeaf
        }
    }

    private let start = SuspendingClock.Instant.now
    private let listener = Listener()

    private func manager(watchdog: Duration?) -> ServiceManager {
        ServiceManager(watchdog: watchdog, now: start, send: listener.hear)
    }

    private func child(_ events: [ChildLifecycle.Event], lastExit: ChildExit? = nil) -> SupervisedChild {
        var child = SupervisedChild(
            ChildSpec(name: "orch", program: "orch-agent", user: .root, socket: .unix("orch"), mayCall: []),
            at: .example)
        for event in events { _ = child.lifecycle.on(event) }
        child.lastExit = lastExit
        return child
    }

    @Test("systemd hears of a state once, is asked for patience until READY=1, and fed at half its watchdog's time")
    func messages() {
        var manager = manager(watchdog: .seconds(10))
        manager.update([child([.start])], isReady: false, at: start)
        manager.update([child([.start])], isReady: false, at: start + .seconds(1))
        manager.update([child([.start])], isReady: false, at: start + .seconds(5))
        manager.update([child([.start, .ready])], isReady: true, at: start + .seconds(6))
        manager.update([child([.start])], isReady: false, at: start + .seconds(10))
        manager.update([child([.start, .ready])], isReady: true, at: start + .seconds(11))
        #expect(
            listener.heard == [
                "STATUS=orch starting\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000",
                "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000",
                "STATUS=orch running\nREADY=1",
                "STATUS=orch starting\nWATCHDOG=1",
                "STATUS=orch running",
            ])
    }

    @Test("a child that waits to be restarted is told of with the reason")
    func reasons() {
        var manager = manager(watchdog: nil)
        let exit = ChildExit(code: nil, signal: "SIGSEGV", at: .example, reason: "killed by SIGSEGV")
        manager.update([child([.start, .died(.crashLoop)], lastExit: exit)], isReady: true, at: start)
        #expect(listener.heard == ["STATUS=orch crash loop (killed by SIGSEGV)\nREADY=1"])
    }

    @Test("a reload is told with its time, patience asked for, and READY=1 said when it is over, whatever came of it")
    func reload() throws {
        var manager = manager(watchdog: .seconds(10))
        manager.reloading()
        manager.update([child([.start, .ready])], isReady: true, at: start)
        #expect(listener.heard == ["STATUS=orch running\nREADY=1\nWATCHDOG=1"], "no reload before it was ready")
        listener.heard = []
        manager.reloading()
        manager.update([child([.start])], isReady: false, isReloading: true, at: start + .seconds(1))
        manager.update([child([.start])], isReady: false, isReloading: true, at: start + .seconds(5))
        manager.update([child([.start, .died(.crashLoop)])], isReady: false, at: start + .seconds(6))
        let first = try #require(listener.heard.first)
        let microseconds = try #require(first.split(separator: "=").last.flatMap { Int($0) })
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        #expect(first == "RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
        #expect((now.tv_sec - 10...now.tv_sec).contains(microseconds / 1_000_000))
        #expect(
            listener.heard.dropFirst() == [
                "STATUS=orch starting", "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000",
                "STATUS=orch crash loop (unknown)\nREADY=1",
            ])
    }

    @Test("sockets to keep are told first, each with its descriptor, and none is forgotten when systemd is deaf")
    func keeping() {
        var manager = manager(watchdog: nil)
        manager.keep([.drop("http"), .store("http", 5)])
        listener.isDeaf = true
        manager.update([child([.start])], isReady: false, at: start)
        #expect(manager.nextBeat == start + .milliseconds(500))
        listener.isDeaf = false
        manager.update([child([.start])], isReady: false, at: manager.nextBeat)
        #expect(listener.heard.prefix(2) == [
            "FDSTOREREMOVE=1\nFDNAME=http", "FDSTORE=1\nFDNAME=http\nFDPOLL=0 with 5",
        ])
        #expect(listener.heard.count == 3)
    }

    @Test("a configuration that was not taken over is told beside the children's states")
    func note() {
        var manager = manager(watchdog: nil)
        manager.note = "not reloaded: no such address"
        manager.update([child([.start, .ready])], isReady: true, at: start)
        #expect(listener.heard == ["STATUS=orch running; not reloaded: no such address\nREADY=1"])
    }

    @Test("what systemd did not take is offered again, soon")
    func fullQueue() {
        var manager = manager(watchdog: nil)
        listener.isDeaf = true
        manager.update([child([.start, .ready])], isReady: true, at: start)
        #expect(manager.nextBeat == start + .milliseconds(500))
        listener.isDeaf = false
        manager.update([child([.start, .ready])], isReady: true, at: manager.nextBeat)
        #expect(listener.heard == ["STATUS=orch running\nREADY=1"])
    }
}
