import FoundationEssentials
import IPC

@testable import bootstrap_agent

/// A node in memory and in a temporary folder: it has an image, perhaps a cluster, and disks, and changes by the
/// commands it is given as the real one does. It can be told to break off at any of them, like a power cut.
final class FakeNode: CommandRunner, Inventory {
    static let fsid = "43b5f1d9-14fa-43f9-b594-0f08799eafb9"
    enum Break: CaseIterable, Sendable { case before, halfway, after }

    struct World: Sendable {
        var fsid = FakeNode.fsid
        var hasImage = true
        var missingImages: Set<String> = []
        var isBootstrapped = false
        var exists = false
        var settings: [String: String] = [:]
        var osds: [Int: FakeOSD] = [:]
        var containers: [String] = []
        var timeServers: [String] = []
        var runs: [Command] = []
        var failures: [String: CommandResult] = [:]
        var breakAt: (run: Int, how: Break)?
        var isCut = false
        /// So many questions to the cluster before its daemons are up.
        var unanswered = 0
        /// So many questions to OSDs that the monitors believe to be up, before they are.
        var deafOSDs = 0
        var onRun: (@Sendable (Command) -> Void)?
        var movedDisks: Set<Int> = []
        var absentDisks: Set<Int> = []
        /// Those on which somebody has made a file system.
        var formattedDisks: Set<Int> = []
        /// Those that Ceph's own inventory refuses.
        var rejectedDisks: Set<Int> = []
    }
    struct FakeOSD: Sendable {
        var path: String?
        var isUp: Bool
    }

    let folder = TemporaryFolder()
    let world = Shared(World())
    private let cut = AsyncStream<Void>.makeStream()

    init() {
        folder.make(
            "/etc/ceph", "/etc/chrony/sources.d", "/etc/systemd/system", "/proc/sys/kernel", "/root/.ssh",
            "/run/cephadm", "/var/lib/ceph", "/var/log/ceph", Self.stateDirectory)
        put("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 debian\n")
        put("/etc/hostname", "debian\n")
        put("/proc/sys/kernel/hostname", "debian\n")
        put("/proc/meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n")
        put("/root/.ssh/authorized_keys", "ssh-ed25519 AAAA somebody@else\n")
    }

    var fsid: String { world.change { $0.fsid } }

    static let stateDirectory = "/var/lib/aquarium/bootstrap"
    var files: HostFiles { HostFiles(root: folder.path) }
    func put(_ path: String, _ text: String) { try! files.write(path, text, mode: 0o600) }

    var tools: NodeTools {
        NodeTools(runner: self, inventory: self, files: files, stateDirectory: Self.stateDirectory, pause: { _ in })
    }

    /// All that a bootstrap could leave on a node, to be compared before and after.
    var traces: [String: String] {
        var all: [String: String] = [:]
        for folder in [
            "/etc", "/etc/ceph", "/etc/chrony/sources.d", "/etc/systemd/system", "/root/.ssh", "/var/lib/ceph",
            "/var/log/ceph", "/var/lib/aquarium/orch",
        ] {
            for name in (try? files.list(folder)) ?? [] {
                all["\(folder)/\(name)"] = (try? files.text("\(folder)/\(name)")) ?? ""
            }
        }
        all["hostname"] = try? files.text("/proc/sys/kernel/hostname").filter { !$0.isNewline }
        return all
    }

    // MARK: breaking off

    func breakOff(at run: Int, _ how: Break) { world.change { $0.breakAt = ($0.runs.count + run, how) } }

    /// - Returns: false when the work ended without getting so far.
    func wasCut() async -> Bool {
        for await _ in cut.stream { return world.change { $0.isCut } }
        return false
    }

    func workEnded() { cut.continuation.yield() }

    func powerOn() {
        world.change {
            $0.isCut = false
            $0.breakAt = nil
            $0.unanswered = 5
        }
    }

    func run(
        _ command: Command, onLine: @escaping @Sendable (String) -> Void
    ) async throws(CommandFailure) -> CommandResult {
        let how = world.change { world -> Break? in
            world.runs.append(command)
            guard let at = world.breakAt, at.run == world.runs.count else { return nil }
            world.isCut = true
            return at.how
        }
        world.change { $0.onRun }?(command)
        let failure = world.change { world in
            world.failures.first { command.argv.joined(separator: " ").contains($0.key) }?.value
        }
        if how != .before {
            let result = failure ?? perform(command, halfway: how == .halfway)
            (result.errorOutput + result.output).split(separator: "\n").map(String.init).forEach(onLine)
            if how == nil { return result }
        }
        cut.continuation.yield()
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        throw CommandFailure(command: command, reason: .cancelled)
    }

    // MARK: disks

    static func chosen(_ number: Int) -> ChosenDisk {
        ChosenDisk(
            id: try! DiskID("serial-\(number)"), path: try! DevicePath("/dev/sd\(letter(number))"), sizeBytes: 10 << 30)
    }

    private static func letter(_ number: Int) -> Character { Character(UnicodeScalar(UInt8(96 + number))) }

    func disks() async throws -> [Disk] {
        world.change { world in
            (1...4).filter { !world.absentDisks.contains($0) }.map { number in
                let chosen = Self.chosen(number)
                let path = world.movedDisks.contains(number) ? "/dev/sdz" : chosen.path.text
                var reasons: [String] = []
                if world.osds.values.contains(where: { $0.path == path }) { reasons.append("has a BlueStore label") }
                if world.formattedDisks.contains(number) { reasons.append("has ext4") }
                return Disk(
                    id: chosen.id, path: path, sizeBytes: chosen.sizeBytes, isRotational: false, isSystem: false,
                    isUsable: reasons.isEmpty, reasons: reasons)
            }
        }
    }

    func device(for disk: ChosenDisk) async throws -> String { try disk.find(among: try await disks()).path }

    func path(of disk: ChosenDisk) async throws -> String {
        guard let found = try await disks().first(where: { $0.id == disk.id }) else {
            throw Problem(.diskMoved, "gone")
        }
        return found.path
    }

    func pathToErase(_ disk: ChosenDisk, of fsid: String) async throws -> String {
        let path = try await path(of: disk)
        let isFormatted = world.change { $0.formattedDisks.contains { Self.chosen($0).id == disk.id } }
        if isFormatted { throw Problem(.diskUnusable, "The disk \(disk.id) must not be erased: it has ext4.") }
        return path
    }

    private func judgedDisks() async throws -> [Disk] {
        let rejected = Set(world.change { $0.rejectedDisks }.map { Self.chosen($0).id })
        return try await disks().map { disk in
            guard let id = disk.id, rejected.contains(id) else { return disk }
            var disk = disk
            disk.isUsable = false
            disk.reasons.append("is rejected by Ceph: locked")
            return disk
        }
    }

    func requirements() async throws -> Requirements {
        let exists = world.change { $0.exists }
        let lacksImage = world.change { $0.missingImages.contains("localhost/ceph:16") }
        let image = Requirement(
            id: "image", title: "Image", actual: lacksImage ? "not here" : "here", needed: "here",
            verdict: lacksImage ? .blocking : .ok)
        let row = Requirement(
            id: "ports", title: "Ports", actual: exists ? "in use" : "free", needed: "free",
            verdict: exists ? .blocking : .ok)
        return Requirements(
            verdict: row.verdict, rows: [row, image], disks: try await judgedDisks(),
            addresses: [
                NodeAddress(
                    interface: "eth0", address: try! IPAddress("10.77.0.1"), network: try! Network("10.77.0.0/24"))
            ],
            hostname: "debian", defaults: nil, checkedAt: .example)
    }
}
