import Glibc
import IPC
import Synchronization
import Testing

@testable import orch_agent

@Suite struct OrchServiceTests {
    private let folder: TemporaryFolder
    private let ceph: FakeCeph
    private let service: OrchService

    init() throws {
        folder = try TemporaryFolder()
        let ceph = try FakeCeph()
        self.ceph = ceph
        let pool = BlockingPool(limit: 32)
        service = OrchService(
            ClusterAccess(stateDirectory: folder.path, logger: silentLogger) { _ in
                ClusterConnection(pool: pool, logger: silentLogger) { () throws(RadosError) in ceph }
            })
    }

    private func bootstrap() throws {
        try folder.write("[global]", to: "ceph.conf")
        try folder.write("[client.aquarium]", to: "ceph.client.aquarium.keyring")
    }

    private typealias Ask = @Sendable (OrchService, Call) async throws -> any Sendable
    private static let operations: [(name: String, ask: Ask)] = [
        ("cluster.status", { try await $0.clusterStatus(ClusterStatus(), $1) }),
        ("cluster.log", { try await $0.clusterLog(ClusterLog(), $1) }),
        ("hosts.list", { try await $0.hostsList(HostsList(), $1) }),
        ("devices.list", { try await $0.devicesList(DevicesList(), $1) }),
        ("daemons.list", { try await $0.daemonsList(DaemonsList(), $1) }),
        ("osds.list", { try await $0.osdsList(OSDsList(), $1) }),
    ]

    @Test("Before bootstrap every operation answers cluster.absent with a hint")
    func absent() async throws {
        for (name, ask) in Self.operations {
            await #expect("\(name)") {
                _ = try await ask(service, call())
            } throws: {
                ($0 as? Problem)?.kind == .clusterAbsent && ($0 as? Problem)?.hint != nil
            }
        }
        #expect(ceph.sent.isEmpty)
    }

    @Test("With a healthy cluster every operation answers")
    func healthy() async throws {
        try bootstrap()
        for (_, ask) in Self.operations { _ = try await ask(service, call()) }
        #expect(try await service.clusterStatus(ClusterStatus(), call()).freshness == .fresh)
    }

    @Test("With the mgr silent, the monitors' part is answered and the rest is stale since it was heard")
    func mgrSilent() async throws {
        try bootstrap()
        let before = try await service.clusterStatus(ClusterStatus(), call())
        _ = try await service.hostsList(HostsList(), call())
        let lastHeard = Timestamp.now
        let gate = Gate()
        ceph.set("mgr", .silence(gate))
        defer { gate.open() }

        let status = try await service.clusterStatus(ClusterStatus(), call(within: .milliseconds(100)))
        #expect(status.freshness.isStale)
        #expect(try #require(status.freshness.since) <= lastHeard)
        #expect(status.freshness.reason?.contains("mgr") == true)
        #expect(!status.manager.isAvailable)
        #expect(status.services == before.services)

        let hosts = try await service.hostsList(HostsList(), call(within: .milliseconds(100)))
        #expect(hosts.hosts.count == 2)
        #expect(hosts.freshness.isStale && hosts.freshness.since != nil)

        await #expect {
            try await service.devicesList(DevicesList(), call(within: .milliseconds(100)))
        } throws: {
            ($0 as? Problem)?.kind == .mgrUnavailable
        }
    }

    @Test("A mgr that the monitors call absent is not asked for the status")
    func mgrAbsent() async throws {
        try bootstrap()
        let text = String(decoding: try fixture("status"), as: UTF8.self)
        ceph.set("status", .output(Array(text.replacing("\"available\":true", with: "\"available\":false").utf8)))
        let status = try await service.clusterStatus(ClusterStatus(), call())
        #expect(status.freshness.isStale && status.freshness.since == nil)
        #expect(!ceph.sent.contains("orch ls"))
    }

    @Test("A mgr without an orchestrator is alive: the status is fresh, the hosts are refused with its reason")
    func noOrchestrator() async throws {
        try bootstrap()
        let error = RadosError(call: "rados_mgr_command", code: ENOENT, text: "No orchestrator configured")
        ceph.set("orch ls", .failure(error))
        ceph.set("orch host ls", .failure(error))
        #expect(try await service.clusterStatus(ClusterStatus(), call()).freshness == .fresh)
        await #expect {
            try await service.hostsList(HostsList(), call())
        } throws: {
            let problem = $0 as? Problem
            return problem?.kind == .clusterRefused && problem?.message.contains("No orchestrator configured") == true
        }
    }

    @Test("With the monitors silent, every operation that needs them answers cluster.unreachable in time")
    func monSilent() async throws {
        try bootstrap()
        _ = try await service.hostsList(HostsList(), call())
        let gate = Gate()
        ceph.set("mon", .silence(gate))
        defer { gate.open() }
        for (name, ask) in Self.operations where ["cluster.status", "cluster.log", "osds.list"].contains(name) {
            await #expect("\(name)") {
                _ = try await ask(service, call(within: .milliseconds(50)))
            } throws: {
                ($0 as? Problem)?.kind == .clusterUnreachable
            }
        }
    }

    @Test("Fifty callers at once cause one command")
    func coalescing() async throws {
        try bootstrap()
        _ = try await service.hostsList(HostsList(), call())  // connects
        let gate = Gate()
        ceph.set("orch host ls", .silence(gate))
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { _ = try? await service.hostsList(HostsList(), call(within: .milliseconds(100))) }
            }
        }
        gate.open()
        #expect(ceph.sent == ["orch host ls", "orch host ls"])
    }

    @Test("The log is merged by time and cut to the lines that were asked for")
    func log() async throws {
        try bootstrap()
        let entries = try await service.clusterLog(ClusterLog(lines: LineCount(clamping: 3)), call()).entries
        #expect(entries.count == 3)
        #expect(entries.map(\.at) == entries.map(\.at).sorted())
    }
}
