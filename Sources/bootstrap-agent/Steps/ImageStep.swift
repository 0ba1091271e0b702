import IPC

/// The container image that all of Ceph's daemons run from.
struct ImageStep: Step {
    func summary(_ design: ClusterDesign) -> String {
        design.imagePull
            ? "Get the container image \(design.image), unless it is on this node already."
            : "Find the container image \(design.image) on this node."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] {
        design.imagePull ? [Podman.pull(design.image)] : []
    }

    func run(_ bench: StepBench) async throws {
        let image = bench.design.image
        bench.tell("looking for the image \(image)", 0.1)
        if try await isThere(bench) { return }
        guard bench.design.imagePull else {
            throw StepFailure(
                "The container image \(image) is not on this node, and it may not be fetched.",
                hint: "Load it with `podman load`, or set image_pull to true in \(Configuration.path).")
        }
        bench.tell("fetching the image \(image)", 0.2)
        try await bench.act(Podman.pull(image))
        guard try await isThere(bench) else {
            throw StepFailure("The container image \(image) was fetched, but podman doesn't have it.")
        }
    }

    private func isThere(_ bench: StepBench) async throws -> Bool {
        try await bench.tools.runner.run(Podman.exists(bench.design.image)).isSuccess
    }
}
