import Logging

/// Who runs, as whom, with which capabilities and sockets, and who may talk to whom: all of it, to be read and
/// audited in one place.
struct Topology: Sendable {
    let children: [ChildSpec]

    static func appliance(_ options: SupervisorOptions) -> Topology {
        let common = ["--config", options.config, "--log-level", options.logLevel.rawValue]
        return Topology(children: [
            ChildSpec(
                name: "bootstrap",
                program: "bootstrap-agent",
                arguments: ["--state", options.stateDir + "/bootstrap"] + common,
                // cephadm installs packages, makes users, mounts, runs podman and writes systemd units. No list of
                // capabilities short of all is known to be enough, and CAP_SYS_ADMIN alone equals all: its
                // confinement is that it knows only fixed commands and no network.
                user: .root,
                environment: ["HOME=/root"],
                socket: .unix("bootstrap"),
                mayCall: []),
            ChildSpec(
                name: "orch",
                program: "orch-agent",
                arguments: ["--state", options.stateDir + "/orch"] + common,
                user: .service("aquarium-orch", capabilities: []),
                socket: .unix("orch"),
                mayCall: []),
            ChildSpec(
                name: "gateway",
                program: "gateway",
                arguments: ["--run-dir", options.runDir, "--web", options.web] + common,
                user: .service("aquarium-gateway", capabilities: []),
                socket: .tcp("http"),
                mayOverlap: true,
                mayCall: ["bootstrap", "orch", "supervisor"]),
        ])
    }

    /// Group of the directory of sockets and of every socket in it. Each child is a member, because the notify
    /// socket lies there too; whom it may call, the called process decides by the caller's uid.
    static let socketGroup = "aquarium"

}

/// One child: everything that is fixed about it.
struct ChildSpec: Sendable {
    enum User: Sendable, Equatable {
        /// uid 0 with whatever capabilities the supervisor has.
        case root
        /// A system user with no_new_privs and exactly these capabilities (CAP_… numbers).
        case service(String, capabilities: [Int])
    }

    /// Each with the name under which the child finds it in LISTEN_FDNAMES.
    enum Socket: Sendable, Equatable {
        /// The file `<name>.sock` in the directory of sockets.
        case unix(String)
        /// At the address that the configuration says to listen on.
        case tcp(String)

        var name: String {
            switch self {
            case .unix(let name), .tcp(let name): name
            }
        }
    }

    let name: String
    /// Its file in the directory of programs.
    let program: String
    var arguments: [String] = []
    var user: User
    /// Beside PATH and the variables of sd_notify and socket activation.
    var environment: [String] = []
    /// Made and held by the supervisor; the child gets it as fd 3.
    var socket: Socket
    /// Whether a new process of it may serve beside the old one, as it keeps no state: it is reloaded without a pause.
    var mayOverlap = false
    /// Whose sockets it connects to. It is stopped before them.
    var mayCall: [String]
    /// Whether the appliance is ready only when this child is.
    var isRequired = true
}
