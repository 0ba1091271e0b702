import IPC
import Testing

@testable import aquariumctl

@Suite struct HouseTests {
    @Test("a method is typed as noun and verb, with dashes")
    func methodName() {
        let name = MethodName("bootstrap.clean_up")
        #expect(name.noun == "bootstrap")
        #expect(name.verb == "clean-up")
    }

    @Test("every operation of every agent of the appliance can be typed")
    func everyOperation() async {
        for operation in Appliance.contracts.flatMap(\.operations) {
            let name = MethodName(operation.about.method)
            let help = await Run(Appliance.self, [name.noun, name.verb, "--help"])
            #expect(help.code == 0, "\(operation.about.method)")
            #expect(help.out.contains(operation.about.method))
        }
    }

    @Test("a method that several agents have is one command")
    func shared() {
        #expect(Library.nouns.map(\.noun) == ["books", "supervisor", "dust"])
        #expect(Library.agents(with: "dust.count") == ["shelf", "attic"])
    }

    @Test("an agent goes by its own name and by its program's", arguments: ["shelf", "shelf-agent"])
    func agentName(text: String) {
        #expect(Library.agent(named: text) == "shelf")
    }
}
