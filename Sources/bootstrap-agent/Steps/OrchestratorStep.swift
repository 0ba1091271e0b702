import IPC

/// The orchestrator answers, and knows this node.
struct OrchestratorStep: Step {
    func summary(_ design: ClusterDesign) -> String {
        "Wait until the cluster's orchestrator answers and has reached \(design.hostname)."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] { [] }

    func run(_ bench: StepBench) async throws {
        let failure = StepFailure(
            "The cluster's orchestrator does not answer.", hint: "Try again; the manager may need longer to start.")
        try await bench.wait("waiting for the orchestrator", tries: 60, else: failure) { () -> Bool? in
            let orchestrator = try await bench.ask(Ceph.orchestratorStatus)
            let host = try await bench.ask(Ceph.hosts).first { $0.hostname == bench.design.hostname }
            guard orchestrator.available, let host else { return nil }
            if host.status.isEmpty { return true }
            throw StepFailure("It says that \(host.hostname) is \(host.status).", hint: "Is the ssh server running?")
        }
    }
}
