import FoundationEssentials
import IPC
import Logging
import Testing

@testable import bootstrap_agent

@Suite struct BootstrapDriverTests {
    static func driver(_ node: FakeNode, _ tools: NodeTools? = nil) throws -> BootstrapDriver {
        try BootstrapDriver(
            tools: tools ?? node.tools,
            configuration: Configuration(listen: "", image: try ImageReference("localhost/ceph:16"), imagePull: false),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @discardableResult
    static func run(_ driver: BootstrapDriver, _ event: BootstrapPhases.Event) async throws -> BootstrapState {
        try await driver.handle(event)
        await driver.settled()
        return await driver.state
    }

    static let job = BootstrapJob.test(.test(hostname: "n1", disks: 3, ntpServers: [try! ServerName("ntp.example")]))

    @Test("makes a cluster: named node, time servers, OSDs on the chosen disks, access for the appliance")
    func success() async throws {
        let node = FakeNode()
        let state = try await Self.run(try Self.driver(node), .start(Self.job))
        #expect(state.status == .done, "\(String(describing: state.error))")
        #expect(
            node.world.change { $0.osds.values.compactMap(\.path).sorted() } == ["/dev/sda", "/dev/sdb", "/dev/sdc"])
        #expect(try node.files.text("/etc/hosts").hasPrefix("10.77.0.1 n1 # aquarium\n127.0.0.1 localhost\n"))
        #expect(try node.files.text("/etc/hostname") == "n1\n")
        #expect(node.world.change { $0.timeServers } == ["ntp.example"])
        #expect(try node.files.text("/var/lib/aquarium/orch/ceph.client.aquarium.keyring").contains("AQverysecret=="))
        #expect(state.log.contains("Bootstrap complete."))
    }

    @Test("is not done before every OSD has answered itself, whatever the monitors believe", arguments: [3, 1000])
    func deafOSDs(silences: Int) async throws {
        let node = FakeNode()
        node.world.change { $0.deafOSDs = silences }
        let state = try await Self.run(try Self.driver(node), .start(Self.job))
        let told = node.world.change { $0.runs.filter { $0.arguments.contains("tell") }.map { $0.arguments[3] } }
        if silences == 3 {
            #expect(state.status == .done)
            #expect(told == ["osd.0", "osd.0", "osd.0", "osd.0", "osd.1", "osd.2"])
        } else {
            #expect(state.status == .failed && state.error?.phase == .verify)
            #expect(state.error?.message.contains("osd.0") == true)
        }
    }

    @Test("never shows a key") func secrets() async throws {
        let node = FakeNode()
        let state = try await Self.run(try Self.driver(node), .start(Self.job))
        #expect(!state.log.contains { $0.contains("AQverysecret") })
        #expect(!node.world.change { $0.runs }.contains { $0.argv.joined().contains("AQverysecret") })
        #expect(!(try node.files.text(FakeNode.stateDirectory + "/state.json")).contains("AQverysecret"))
    }

    @Test("runs exactly the planned commands", arguments: [true, false])
    func planned(imagePull: Bool) async throws {
        let node = FakeNode()
        node.world.change { $0.hasImage = !imagePull }
        let configuration = Configuration(
            listen: "", image: try ImageReference("localhost/ceph:16"), imagePull: imagePull)
        let tools = node.tools
        let driver = try BootstrapDriver(
            tools: tools, configuration: configuration,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let service = BootstrapService(tools: tools, configuration: configuration, driver: driver)
        let call = Call(requestId: "1", peer: Peer(class: .root, uid: 0, pid: 1), logger: Logger(label: "test"))
        let plan = try await service.bootstrapPlan(BootstrapPlan(choices: Self.job.choices), call)
        #expect(node.world.change { $0.runs.map(\.argv) } == [["/usr/sbin/cephadm", "bootstrap", "--help"]])
        #expect(node.traces["/etc/hosts"] == FakeNode().traces["/etc/hosts"])

        let state = try await Self.run(driver, .start(Self.job))
        let acted = state.log.filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
        let planned = plan.steps.flatMap(\.commands).map {
            $0.joined(separator: " ").replacing("<fsid>", with: FakeNode.fsid)
        }
        // A setting that cephadm has taken over from the file needs no command of its own.
        let settings = Set(planned.filter { $0.contains(" config set ") })
        #expect(acted.filter { !settings.contains($0) } == planned.filter { !settings.contains($0) })
        #expect(Set(acted).isSubset(of: planned))
    }

    @Test(
        "explains each way in which cephadm is known to fail, and takes it back",
        arguments: [
            ("bootstrap-no-sshd", "can't log in to this node by ssh"),
            ("bootstrap-no-sshd-broken-pipe", "can't log in to this node by ssh"),
            ("bootstrap-port-in-use", "port that the monitor"),
            ("bootstrap-existing-conf", "another cluster in /etc/ceph"),
            ("bootstrap-bad-mon-ip", "not one of this node's"),
            ("bootstrap-missing-image", "could not be fetched"), ("bootstrap-pull-fails", "could not be fetched"),
            ("bootstrap-no-podman", "no container engine"), ("bootstrap-no-timesync", "clock"),
            ("bootstrap-fqdn-hostname", "has a dot"),
        ])
    func knownFailures(_ recorded: String, _ words: String) async throws {
        let node = FakeNode()
        let before = node.traces
        node.world.change { $0.failures = ["--mon-ip": RecordedRun(recorded).result] }
        let driver = try Self.driver(node)
        let failed = try await Self.run(driver, .start(Self.job))
        #expect(failed.status == .failed && failed.phase == .bootstrap)
        #expect(failed.error?.message.contains(words) == true, "\(String(describing: failed.error))")
        #expect(failed.error?.hint != nil)
        #expect(failed.actions == [.retry, .cleanUp])

        node.world.change { $0.failures = [:] }
        #expect(try await Self.run(driver, .cleanUp).status == .none)
        #expect(node.traces == before)
        #expect(try await Self.run(driver, .start(Self.job)).status == .done)
    }

    @Test("ends what a failed try has left running before it tries again") func leftoversOfAFailure() async throws {
        let node = FakeNode()
        let ended = Shared(0)
        var tools = node.tools
        tools.endLeftovers = {
            ended.change { $0 += 1 }
            return []
        }
        node.world.change { $0.failures = ["daemon add osd n1:/dev/sdb": .failed("Error EINVAL: busy")] }
        let driver = try Self.driver(node, tools)
        #expect(try await Self.run(driver, .start(Self.job)).status == .failed)
        let before = ended.change { $0 }
        #expect(try await Self.run(driver, .retry).status == .failed)
        #expect(ended.change { $0 } == before + 1)
    }

    @Test(
        "clean-up gives back the file of the name as it was, whatever was in it",
        arguments: ["# none\n", "a.b.example\n"])
    func formerHostnameFile(_ text: String) async throws {
        let node = FakeNode()
        node.put("/etc/hostname", text)
        node.world.change { $0.failures = ["--mon-ip": RecordedRun("bootstrap-port-in-use").result] }
        let driver = try Self.driver(node)
        let job = BootstrapJob(
            choices: .test(), fsid: FakeNode.fsid, formerHostname: "debian", formerHostnameFile: text,
            startedAt: .example)
        #expect(try await Self.run(driver, .start(job)).status == .failed)
        #expect(try node.files.text("/etc/hostname") == "n1\n")
        node.world.change { $0.failures = [:] }
        #expect(try await Self.run(driver, .cleanUp).status == .none)
        #expect(try node.files.text("/etc/hostname") == text)
        #expect(node.traces["hostname"] == "debian")
    }

    @Test("goes on at the phase that failed when retried") func retry() async throws {
        let node = FakeNode()
        node.world.change { $0.failures = ["daemon add osd n1:/dev/sdb": .failed("Error EINVAL: busy")] }
        let driver = try Self.driver(node)
        let failed = try await Self.run(driver, .start(Self.job))
        #expect(failed.phase == .osds && failed.error?.message.contains("Error EINVAL: busy") == true)
        node.world.change { $0.failures = [:] }
        #expect(try await Self.run(driver, .retry).status == .done)
        #expect(node.world.change { $0.runs.count { $0.arguments.contains("--mon-ip") } } == 1)
    }

    @Test("does not touch a disk that is another one by then") func moved() async throws {
        let node = FakeNode()
        node.world.change { $0.movedDisks = [2] }
        let driver = try Self.driver(node)
        let failed = try await Self.run(driver, .start(Self.job))
        #expect(failed.phase == .osds && failed.error?.message.contains("/dev/sdz now") == true)
        #expect(!node.world.change { $0.runs }.contains { $0.argv.joined(separator: " ").contains("n1:/dev/sdz") })
    }

    @Test("stays failed when clean-up leaves something, and says what") func unclean() async throws {
        let node = FakeNode()
        node.world.change { $0.failures = ["--mon-ip": RecordedRun("bootstrap-port-in-use").result] }
        let driver = try Self.driver(node)
        try await Self.run(driver, .start(Self.job))
        node.folder.make("/var/lib/ceph/\(FakeNode.fsid)")
        node.world.change { $0.failures = ["rm-cluster": .ok()] }
        let state = try await Self.run(driver, .cleanUp)
        #expect(state.status == .failed && state.actions == [.cleanUp])
        #expect(state.error?.message.contains("/var/lib/ceph/\(FakeNode.fsid)") == true)
        node.world.change { $0.failures = [:] }
        #expect(try await Self.run(driver, .cleanUp).status == .none)
    }

    /// A bootstrap that failed at its third disk, with two that were written to and one that may have been.
    private static func failedAtDisks(_ node: FakeNode) async throws -> BootstrapDriver {
        node.world.change { $0.failures = ["daemon add osd n1:/dev/sdc": .failed("Error EINVAL: busy")] }
        let driver = try Self.driver(node)
        #expect(try await Self.run(driver, .start(Self.job)).phase == .osds)
        node.world.change { $0.failures = [:] }
        return driver
    }

    @Test("clean-up does not wait for a disk that is gone") func lostDisk() async throws {
        let node = FakeNode()
        let before = node.traces
        let driver = try await Self.failedAtDisks(node)
        node.world.change { $0.absentDisks = [2] }
        let state = try await Self.run(driver, .cleanUp)
        #expect(state.status == .none, "\(String(describing: state.error))")
        #expect(state.log == ["The disk serial-2, chosen as /dev/sdb, is gone; it was not erased."])
        #expect(node.traces == before)
        #expect(try await node.disks().map(\.isUsable) == [true, true, true])
    }

    @Test("clean-up gives the name back of which only the file was written") func halfNamed() async throws {
        let node = FakeNode()
        let before = node.traces
        node.world.change { $0.failures = ["/usr/bin/hostname n1": .failed("hostname: no")] }
        let driver = try Self.driver(node)
        #expect(try await Self.run(driver, .start(Self.job)).phase == .prepare)
        #expect(try node.files.text("/etc/hostname") == "n1\n")
        #expect(try await Self.run(driver, .cleanUp).status == .none)
        #expect(node.traces == before)
    }

    @Test("does not replace an /etc/hosts that it can't read") func unreadableHosts() async throws {
        let node = FakeNode()
        try node.files.remove("/etc/hosts")
        let path = node.folder.path + "/etc/hosts"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "hosts")
        let state = try await Self.run(try Self.driver(node), .start(Self.job))
        #expect(state.phase == .prepare && state.error?.message.contains("/etc/hosts") == true)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "hosts")
    }

    @Test("clean-up leaves a disk alone that somebody has put to use, and says so") func disksOfOthers() async throws {
        let node = FakeNode()
        let driver = try await Self.failedAtDisks(node)
        node.world.change {
            $0.formattedDisks = [1]
            $0.runs = []
        }
        let state = try await Self.run(driver, .cleanUp)
        #expect(state.status == .none, "\(String(describing: state.error))")
        let words = "The disk serial-1 must not be erased: it has ext4. It was left as it is."
        #expect(state.log == [words])
        let zapped = node.world.change { $0.runs.filter { $0.arguments.contains("zap") }.map(\.arguments.last) }
        #expect(zapped == ["/dev/sdb", "/dev/sdc"])
    }

    @Test("retry does not erase a disk that somebody has put to use") func retriedDisk() async throws {
        let node = FakeNode()
        let driver = try await Self.failedAtDisks(node)
        node.world.change { $0.formattedDisks = [3] }
        let state = try await Self.run(driver, .retry)
        #expect(state.phase == .osds && state.error?.message.contains("it has ext4") == true)
        #expect(!node.world.change { $0.runs }.contains { $0.arguments.contains("zap") })
    }

    @Test("does nothing when it can't store what it is about to do") func full() async throws {
        let node = FakeNode()
        let driver = try Self.driver(node)
        try FileManager.default.removeItem(atPath: node.folder.path + FakeNode.stateDirectory)
        await #expect { try await driver.handle(.start(Self.job)) } throws: {
            ($0 as? Problem)?.kind == .stateUnwritable
        }
        #expect(await driver.state.status == .none)
        #expect(node.world.change { $0.runs.isEmpty })
    }

    @Test("stores what has ended as soon as it can, and says meanwhile what it waits for")
    func fullInBetween() async throws {
        let node = FakeNode()
        node.world.change { $0.failures = ["--mon-ip": RecordedRun("bootstrap-port-in-use").result] }
        let folder = node.folder.path + FakeNode.stateDirectory
        let (waiting, goOn) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        var tools = node.tools
        tools.pause = { _ in
            waiting.continuation.yield()
            for await _ in goOn.stream { return }
        }
        let driver = try Self.driver(node, tools)
        node.world.change {
            $0.onRun = { command in
                guard command.arguments.contains("--mon-ip") else { return }
                try? FileManager.default.moveItem(atPath: folder, toPath: folder + "2")
            }
        }
        try await driver.handle(.start(Self.job))
        for await _ in waiting.stream { break }
        let state = await driver.state
        #expect(state.status == .running && state.phase == .bootstrap)
        #expect(state.activity?.contains("No such file or directory") == true)
        try FileManager.default.moveItem(atPath: folder + "2", toPath: folder)
        goOn.continuation.yield()
        await driver.settled()
        #expect(await driver.state.status == .failed)
        #expect(await driver.state.actions == [.retry, .cleanUp])
    }

    @Test("lets no disk be written to that is not recorded") func unrecorded() async throws {
        let driver = try Self.driver(FakeNode())
        await #expect(throws: StepFailure.self) { try await driver.touch(FakeNode.chosen(1)) }
    }

    @Test("does not throw away a state that it can't read") func unreadable() throws {
        let node = FakeNode()
        node.put(FakeNode.stateDirectory + "/state.json", "{\"state\": 7}")
        #expect(throws: UnreadableState.self) { try Self.driver(node) }
    }
}
