import IPC
import Logging
import Testing

@testable import bootstrap_agent

@Suite struct BootstrapServiceTests {
    private let node = FakeNode()
    private let driver: BootstrapDriver
    private let service: BootstrapService

    init() throws {
        driver = try BootstrapDriverTests.driver(node)
        let configuration = Configuration(
            listen: "", image: try ImageReference("localhost/ceph:16"), imagePull: false)
        service = BootstrapService(tools: node.tools, configuration: configuration, driver: driver)
    }

    private func start(_ choices: BootstrapChoices, op: String? = nil) async throws -> BootstrapState {
        try await service.bootstrapStart(BootstrapStart(choices: choices), call(op))
    }

    private func call(_ op: String? = nil) -> Call {
        Call(
            requestId: "1", peer: Peer(class: .root, uid: 0, pid: 1), op: op.map { try! OperationKey($0) },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func kind(_ body: () async throws -> BootstrapState) async -> Problem.Kind? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? Problem)?.kind
        }
    }

    @Test("runs one bootstrap at a time, and answers a repeated start with it") func oneAtATime() async throws {
        node.breakOff(at: 1, .before)
        let first = try await start(.test(), op: "operation-1")
        #expect(first.status == .running && first.choices?.image?.text == "localhost/ceph:16")
        #expect(try await start(.test(), op: "operation-1").fsid == first.fsid)
        #expect(await kind { try await start(.test(disks: 1), op: "operation-1") } == .opConflict)
        #expect(await kind { try await start(.test(), op: "operation-2") } == .bootstrapRunning)
        #expect(await kind { try await start(.test()) } == .bootstrapRunning)
        #expect(await kind { try await service.bootstrapRetry(BootstrapRetry(), call()) } == .bootstrapRunning)
        #expect(await kind { try await service.bootstrapCleanUp(BootstrapCleanUp(), call()) } == .bootstrapRunning)
        #expect(await node.wasCut())
        await driver.stop()
        #expect(node.world.change { $0.runs.count } == 1)
    }

    @Test("a request that arrives again begins nothing anew, not even after clean-up") func repeated() async throws {
        node.world.change { $0.failures = ["--mon-ip": .failed("no")] }
        func retry(_ key: String) async throws -> BootstrapState {
            let state = try await service.bootstrapRetry(BootstrapRetry(), call(key))
            await driver.settled()
            return state
        }
        _ = try await start(.test(), op: "operation-1")
        await driver.settled()
        #expect(try await retry("operation-2").status == .running)
        #expect(try await retry("operation-2").status == .failed)
        node.world.change { $0.failures = [:] }
        #expect(try await service.bootstrapCleanUp(BootstrapCleanUp(), call("operation-3")).status == .cleaning)
        await driver.settled()
        #expect(try await service.bootstrapCleanUp(BootstrapCleanUp(), call("operation-3")).status == .none)
        #expect(try await start(.test(), op: "operation-1").status == .none)
        #expect(await kind { try await start(.test(disks: 1), op: "operation-1") } == .opConflict)
    }

    @Test("a repeated request is held against what was asked for, not against what the defaults made of it")
    func otherDefault() async throws {
        node.breakOff(at: 1, .before)
        let first = try await start(.test(), op: "operation-1")
        let image = try ImageReference("localhost/ceph:17")
        let later = BootstrapService(
            tools: node.tools, configuration: Configuration(listen: "", image: image, imagePull: false), driver: driver)
        func again(_ choices: BootstrapChoices) async throws -> BootstrapState {
            try await later.bootstrapStart(BootstrapStart(choices: choices), call("operation-1"))
        }
        let state = try await again(.test())
        #expect(state.fsid == first.fsid && state.choices?.image?.text == "localhost/ceph:16")
        var choices = BootstrapChoices.test()
        choices.image = image
        #expect(await kind { try await again(choices) } == .opConflict)
        #expect(await node.wasCut())
        await driver.stop()
    }

    @Test("does nothing more once it is done") func done() async throws {
        #expect(try await start(.test(), op: "operation-1").status == .running)
        await driver.settled()
        #expect(try await service.bootstrapStatus(BootstrapStatus(), call()).status == .done)
        #expect(try await start(.test(), op: "operation-1").status == .done)
        #expect(await kind { try await start(.test(), op: "operation-2") } == .bootstrapDone)
        #expect(await kind { try await service.bootstrapCleanUp(BootstrapCleanUp(), call()) } == .bootstrapNotFailed)
    }

    @Test("an operation is listed, followed to its end, and can't be stopped then") func watched() async throws {
        _ = try await start(.test(), op: "operation-1")
        let id = try OperationKey("operation-1")
        let ended = try await service.operationsWatch(OperationsWatch(id: id), call())
        #expect(ended.state == .done && ended.fraction == 1 && ended.method == "bootstrap.start")
        #expect(try await service.operationsList(OperationsList(), call()).operations == [ended])
        #expect(try await service.operationsGet(OperationsGet(id: id), call()) == ended)
        await #expect { try await service.operationsCancel(OperationsCancel(id: id), call()) } throws: {
            ($0 as? Problem)?.kind == .operationEnded
        }
        await #expect { try await service.operationsGet(OperationsGet(id: .random), call()) } throws: {
            ($0 as? Problem)?.kind == .operationUnknown
        }
    }

    @Test("a bootstrap that is stopped ends its command, is failed, and goes on when retried")
    func stopped() async throws {
        node.breakOff(at: 12, .before)
        _ = try await start(.test(), op: "operation-1")
        #expect(await node.wasCut())
        let id = try OperationKey("operation-1")
        #expect(try await service.operationsCancel(OperationsCancel(id: id), call()).state == .cancelled)
        let state = try await service.bootstrapStatus(BootstrapStatus(), call())
        #expect(state.status == .failed && state.actions == [.retry, .cleanUp])
        node.powerOn()
        _ = try await service.bootstrapRetry(BootstrapRetry(), call("operation-2"))
        await driver.settled()
        #expect(await driver.state.status == .done)
    }

    @Test("starts nothing on a node that is not fit") func unfit() async throws {
        node.world.change { $0.exists = true }
        #expect(await kind { try await start(.test()) } == .requirementBlocking)
        #expect(await driver.state.status == .none)
        #expect(await kind { try await service.bootstrapRetry(BootstrapRetry(), call()) } == .bootstrapNotFailed)
    }
}
