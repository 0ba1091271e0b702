import IPC
import Testing

@testable import bootstrap_agent

@Suite struct ChoicesCheckTests {
    private static let configuration = Configuration(
        listen: "", image: try! ImageReference("localhost/ceph:16"), imagePull: false)

    private func refusal(_ change: (inout BootstrapChoices) -> Void, node: FakeNode = FakeNode()) async -> Problem? {
        var choices = BootstrapChoices.test()
        change(&choices)
        do {
            _ = try await ChoicesCheck(tools: node.tools, configuration: Self.configuration).check(choices)
            return nil
        } catch {
            return error as? Problem
        }
    }

    @Test("gives the disks' paths, and changes nothing") func good() async throws {
        let node = FakeNode()
        #expect(try await ChoicesCheck(tools: node.tools, configuration: Self.configuration).check(.test()) == ["/dev/sda", "/dev/sdb"])
        #expect(node.world.change { $0.runs.isEmpty })
    }

    @Test("points at what is wrong with the choices") func bad() async throws {
        #expect(await refusal { $0.disks = [] }?.pointer == "/choices/disks")
        #expect(await refusal { $0.disks.append($0.disks[0]) }?.pointer == "/choices/disks/2")
        #expect(await refusal { $0.address = try! IPAddress("10.77.0.9") }?.pointer == "/choices/address")
        #expect(await refusal { $0.publicNetwork = try! Network("10.78.0.0/24") }?.pointer == "/choices/public_network")
        #expect(await refusal { $0.disks[1].sizeBytes += 1 }?.kind == .diskMoved)
    }

    @Test("refuses a node that is not fit, and disks that are another or in use") func unfit() async {
        let node = FakeNode()
        node.world.change { $0.exists = true }
        #expect(await refusal({ _ in }, node: node)?.kind == .requirementBlocking)
        node.world.change { $0 = FakeNode.World() }
        node.world.change { $0.movedDisks = [2] }
        let moved = await refusal({ _ in }, node: node)
        #expect(moved?.kind == .diskMoved && moved?.pointer == "/choices/disks/1")
        node.world.change { $0.movedDisks = [] }
        node.world.change { $0.osds[0] = FakeNode.FakeOSD(path: "/dev/sda", isUp: true) }
        #expect(await refusal({ _ in }, node: node)?.kind == .diskUnusable)
        node.world.change { $0 = FakeNode.World() }
        node.world.change { $0.rejectedDisks = [1] }
        #expect(await refusal({ _ in }, node: node)?.message.contains("rejected by Ceph") == true)
    }

    @Test("asks for the image that is chosen, not for the appliance's own") func image() async {
        let node = FakeNode()
        node.world.change { $0.missingImages = ["localhost/ceph:16"] }
        #expect(await refusal({ _ in }, node: node)?.kind == .requirementBlocking)
        #expect(await refusal({ $0.image = try! ImageReference("localhost/other:1") }, node: node) == nil)
        node.world.change { $0.missingImages = ["localhost/other:1"] }
        let missing = await refusal({ $0.image = try! ImageReference("localhost/other:1") }, node: node)
        #expect(missing?.kind == .requirementBlocking && missing?.pointer == "/choices/image")
    }
}
