import IPC

/// The programs that look at this machine. None of them changes anything.
enum InventoryCommand {
    static let lvcreate = "/usr/sbin/lvcreate"

    static let gatherFacts = Command(program: Cephadm.program, arguments: ["gather-facts"], limit: .seconds(20))

    static func cephVolume(_ image: ImageReference) -> Command {
        Command(
            program: Cephadm.program,
            arguments: ["--image", image.text, "ceph-volume", "--", "inventory", "--format", "json"],
            limit: .seconds(60))
    }

    static let podmanVersion = Command(program: Podman.program, arguments: ["--version"], limit: .seconds(10))

    static func units(_ names: [String]) -> Command {
        Command(
            program: "/usr/bin/systemctl",
            arguments: ["show", "--property=Id,ActiveState,UnitFileState"] + names, limit: .seconds(10))
    }

    static func volumeGroup(_ path: String) -> Command {
        Command(
            program: "/usr/sbin/pvs", arguments: ["--reportformat", "json", "-o", "vg_name", path], limit: .seconds(20))
    }

    static func signatures(_ path: String) -> Command {
        Command(program: "/usr/sbin/wipefs", arguments: ["--no-act", "--json", path], limit: .seconds(10))
    }
}
