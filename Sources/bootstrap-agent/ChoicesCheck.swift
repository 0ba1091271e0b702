import IPC

/// Whether the choices fit this node, as it is now. Changes nothing.
struct ChoicesCheck: Sendable {
    let tools: NodeTools
    let configuration: Configuration

    /// - Returns: the chosen disks' paths of this moment.
    /// - Throws: `Problem` of kind `params.invalid`, `requirement.blocking`, `disk.moved` or `disk.unusable`.
    func check(_ choices: BootstrapChoices) async throws -> [String] {
        try Self.checkForm(choices)
        let requirements = try await tools.inventory.requirements()
        let isOtherImage = choices.image.map { $0 != configuration.image } ?? false
        // What the choices put right does not count: a bad name, and the lack of an image that is not used.
        let blocking = requirements.rows.filter {
            $0.verdict == .blocking && $0.id != "hostname" && !($0.id == "image" && isOtherImage)
        }
        if let row = blocking.first {
            let all = blocking.map { "\($0.title): \($0.actual), needed: \($0.needed)" }
            throw Problem(
                .requirementBlocking, "This node can't become a cluster. " + all.joined(separator: "; ") + ".",
                hint: row.hint)
        }
        if isOtherImage, let image = choices.image { try await checkIsThere(image) }
        guard requirements.addresses.contains(where: { $0.address == choices.address }) else {
            throw Self.refused("/choices/address", "\(choices.address) is not an address of this node")
        }
        var paths: [String] = []
        for (index, disk) in choices.disks.enumerated() {
            do {
                paths.append(try disk.find(among: requirements.disks).path)
            } catch {
                var problem = error
                problem.pointer = problem.pointer ?? "/choices/disks/\(index)"
                throw problem
            }
        }
        return paths
    }

    private func checkIsThere(_ image: ImageReference) async throws {
        if configuration.imagePull { return }
        guard try await tools.runner.run(Podman.exists(image)).isSuccess else {
            throw Problem(
                .requirementBlocking, "The container image \(image) is not on this node, and it may not be fetched.",
                hint: "Load it with `podman load`, or set image_pull to true in \(Configuration.path).",
                pointer: "/choices/image")
        }
    }

    private static func checkForm(_ choices: BootstrapChoices) throws(Problem) {
        guard !choices.disks.isEmpty else { throw refused("/choices/disks", "at least one disk is needed") }
        for (index, disk) in choices.disks.enumerated() {
            if choices.disks[..<index].contains(where: { $0.id == disk.id || $0.path == disk.path }) {
                throw refused("/choices/disks/\(index)", "\(disk.path) is chosen twice")
            }
        }
        if let network = choices.publicNetwork, !network.contains(choices.address) {
            throw refused("/choices/public_network", "\(network) does not contain \(choices.address)")
        }
    }

    private static func refused(_ pointer: String, _ reason: String) -> Problem {
        Problem(
            .paramsInvalid, "\(pointer): \(reason).", hint: "requirements.check shows what can be chosen.",
            pointer: pointer)
    }
}
