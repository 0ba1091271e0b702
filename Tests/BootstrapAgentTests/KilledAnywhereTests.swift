import IPC
import Testing

@testable import bootstrap_agent

/// The power goes at every command, before, in the middle of and after it; a new driver goes on from the same folder.
@Suite struct KilledAnywhereTests {
    @Test("a bootstrap ends in done wherever it was killed", arguments: FakeNode.Break.allCases)
    func bootstrap(_ how: FakeNode.Break) async throws {
        var run = 1
        while true {
            let node = FakeNode()
            node.breakOff(at: run, how)
            guard try await cut(node, { try await $0.handle(.start(BootstrapDriverTests.job)) }) else { break }
            let driver = try BootstrapDriverTests.driver(node)
            try await driver.resume()
            await driver.settled()
            let state = await driver.state
            #expect(
                state.status == .done,
                "cut \(how) command \(run): \(String(describing: state.error)) \(state.log.suffix(5))")
            let osds = node.world.change { $0.osds.values }
            #expect(
                osds.compactMap(\.path).sorted() == ["/dev/sda", "/dev/sdb", "/dev/sdc"], "cut \(how) command \(run)")
            // What was whole when the power went is not made anew.
            let made = node.world.change { $0.runs.count { $0.arguments.contains("--mon-ip") } }
            #expect(made == 1 || (made == 2 && how != .after), "cut \(how) command \(run)")
            #expect(osds.count == 3, "an id without a disk is left: cut \(how) command \(run)")
            run += 1
        }
        #expect(run > 25)
    }

    @Test("a clean-up ends in none wherever it was killed", arguments: FakeNode.Break.allCases)
    func cleanUp(_ how: FakeNode.Break) async throws {
        var run = 1
        while true {
            let node = FakeNode()
            let before = node.traces
            node.world.change { $0.failures = ["daemon add osd n1:/dev/sdb": .failed("Error EINVAL: busy")] }
            let first = try BootstrapDriverTests.driver(node)
            #expect(try await BootstrapDriverTests.run(first, .start(BootstrapDriverTests.job)).status == .failed)
            node.breakOff(at: run, how)
            guard try await cut(node, { try await $0.handle(.cleanUp) }) else { break }
            let driver = try BootstrapDriverTests.driver(node)
            try await driver.resume()
            await driver.settled()
            let state = await driver.state
            #expect(state.status == .none, "cut \(how) command \(run): \(String(describing: state.error))")
            #expect(node.traces == before, "cut \(how) command \(run)")
            #expect(try await node.disks().allSatisfy(\.isUsable), "cut \(how) command \(run)")
            run += 1
        }
        #expect(run > 8)
    }

    /// - Returns: false when all was done before the cut.
    private func cut(_ node: FakeNode, _ begin: (BootstrapDriver) async throws -> Void) async throws -> Bool {
        let driver = try BootstrapDriverTests.driver(node)
        try await begin(driver)
        let ended = Task {
            await driver.settled()
            node.workEnded()
        }
        let wasCut = await node.wasCut()
        await driver.stop()
        await ended.value
        node.powerOn()
        return wasCut
    }
}
