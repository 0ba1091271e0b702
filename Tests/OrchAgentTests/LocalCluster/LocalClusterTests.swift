import Foundation
import IPC
import Testing

@testable import orch_agent

/// Against a real Ceph; each test has a cluster of its own for itself, as it breaks it.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: LocalCluster.isWanted, "needs Ceph's programs on this machine: set AQUARIUM_LOCAL_CLUSTER=1"))
struct LocalClusterTests {
    private func withCluster(_ test: (LocalCluster) async throws -> Void) async throws {
        let cluster = try await LocalCluster()
        do {
            try await test(cluster)
        } catch {
            print(try cluster.agentLog())
            _ = await cluster.end()
            throw error
        }
        #expect(cluster.isAgentAlive)
        #expect(await cluster.end() == 0)
    }

    /// Asks until the answer is as wished; the real thing takes its time.
    private func eventually<T>(_ what: String, _ ask: () async throws -> T?) async throws -> T {
        let end = ContinuousClock.now + .seconds(60)
        var last: (any Error)?
        while ContinuousClock.now < end {
            do {
                if let result = try await ask() { return result }
            } catch {
                last = error
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("not within 60 s: \(what); last: \(String(describing: last))")
        throw last ?? CancellationError()
    }

    private func timed<T>(_ body: () async throws -> T) async rethrows -> (T, Duration) {
        let begin = ContinuousClock.now
        let result = try await body()
        return (result, begin.duration(to: .now))
    }

    @Test("From no cluster to every operation answered, to no cluster")
    func operations() async throws {
        try await withCluster { cluster in
            let client = cluster.client
            let absent = try await eventually("the agent answers") { () -> Problem? in
                do throws(Problem) {
                    _ = try await client.call(ClusterStatus())
                    return nil
                } catch {
                    return error.kind == .agentUnavailable ? nil : error
                }
            }
            #expect(absent.kind == .clusterAbsent)

            try await cluster.giveAccess()
            let status = try await client.call(ClusterStatus())
            #expect(status.health.status == .ok)
            #expect(status.osds == OSDCounts(total: 2, up: 2, in: 2))
            #expect(status.capacity.totalBytes == 2 << 30)
            #expect(status.manager == Manager(isAvailable: true, activeName: "x", standbyCount: 0))
            #expect(status.versions.values.reduce(0, +) == 4)
            #expect(status.freshness == .fresh)
            #expect(try await client.call(HostsList()).hosts.count == 1)
            // Neither daemons nor devices: for those test_orchestrator reads the whole machine's process list and runs
            // ceph-volume, so that its answer depends on what else is here.
            let osds = try await client.call(OSDsList()).osds
            #expect(osds.map(\.id) == [0, 1])
            #expect(osds.allSatisfy { $0.isUp && $0.isIn && $0.totalBytes == 1 << 30 })
            #expect(try await !client.call(ClusterLog()).entries.isEmpty)

            try cluster.takeAccess()
            await #expect {
                try await client.call(ClusterStatus())
            } throws: {
                ($0 as? Problem)?.kind == .clusterAbsent
            }
        }
    }

    @Test("Many callers at once cause few commands")
    func coalescing() async throws {
        try await withCluster { cluster in
            try await cluster.giveAccess()
            _ = try await eventually("connected") { try await cluster.client.call(HostsList()) }
            let before = try cluster.commandCount("orch host ls")
            let answers = try await cluster.callAtOnce("hosts.list", times: 30)
            #expect(answers.components(separatedBy: "\"result\"").count == 31, "\(answers.prefix(500))")
            let count = try await eventually("the audit log is written") {
                let count = try cluster.commandCount("orch host ls") - before
                return count > 0 ? count : nil
            }
            #expect(count < 10)
        }
    }

    @Test("The mgr killed under running calls: all are answered in time, and the process outlives its return")
    func mgrKilled() async throws {
        try await withCluster { cluster in
            try await cluster.giveAccess()
            let client = cluster.client
            _ = try await eventually("the first answers") { try await client.call(HostsList()) }
            _ = try await client.call(ClusterStatus())
            _ = try await client.call(OSDsList())

            // Calls run all the time, one after the other, while the mgr dies.
            let load = Task {
                while !Task.isCancelled { _ = try? await client.call(HostsList(), meta: Meta(deadlineMs: 3000)) }
            }
            try await cluster.kill("mgr")
            let (status, statusTime) = try await timed { try await client.call(ClusterStatus()) }
            #expect(statusTime < .seconds(4))
            #expect(status.freshness.isStale && status.freshness.since != nil)
            #expect(status.osds.up == 2)
            let (hosts, hostsTime) = try await timed { try await client.call(HostsList()) }
            #expect(hostsTime < .seconds(6))
            #expect(hosts.freshness.isStale && hosts.hosts.count == 1)
            let osds = try await client.call(OSDsList(), meta: Meta(deadlineMs: 2000))
            #expect(osds.freshness.isStale && osds.osds.count == 2)
            await #expect {
                try await client.call(DaemonsList(), meta: Meta(deadlineMs: 1000))
            } throws: {
                ($0 as? Problem)?.kind == .mgrUnavailable
            }

            try await cluster.start("mgr")
            _ = try await eventually("the status is fresh again") {
                try await client.call(ClusterStatus()).freshness.isStale ? nil : true
            }
            _ = try await eventually("the hosts are fresh again") {
                try await client.call(HostsList()).freshness.isStale ? nil : true
            }
            load.cancel()
            await load.value
            let left = try cluster.agentLog().split(separator: "\n").filter { $0.contains("left behind has returned") }
            #expect(!left.isEmpty)
        }
    }

    @Test("The mon killed: cluster.unreachable in time, also on connecting; it works again when the mon is back")
    func monKilled() async throws {
        try await withCluster { cluster in
            try await cluster.giveAccess()
            let client = cluster.client
            _ = try await eventually("the first answer") { try await client.call(ClusterStatus()) }
            try await cluster.kill("mon")
            for _ in 0..<2 {
                let (kind, time) = await timed { () -> Problem.Kind? in
                    do throws(Problem) {
                        _ = try await client.call(ClusterStatus())
                        return nil
                    } catch {
                        return error.kind
                    }
                }
                #expect(kind == .clusterUnreachable)
                #expect(time < .seconds(6))
                // A new connection, while calls are left behind in the old one.
                try cluster.takeAccess()
                try cluster.copyConfiguration()
            }
            try await cluster.start("mon")
            _ = try await eventually("it works again") { try await client.call(ClusterStatus()) }
        }
    }
}
