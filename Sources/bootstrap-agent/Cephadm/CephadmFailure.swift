import Glibc
import IPC

/// Why a phase ended without its outcome, in words for a person.
struct StepFailure: Error, Sendable, Equatable {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = CephKeys.hidden(in: message)
        self.hint = hint
    }
}

/// What cephadm's texts mean. Its exit code is 1 for nearly everything.
enum CephadmFailure {
    /// Texts of 16.2.15 and 18.2.7; the first that is contained in a line counts.
    private static let known: [(text: String, message: String, hint: String)] = [
        ("No container engine binary found", "There is no container engine on this node.", "Install podman."),
        (
            "Cannot bind to IP", "A port that the monitor needs is in use.",
            "Find the program with `ss -ltnp` (ports 3300 and 6789, for the mgr 9283) and stop it."
        ),
        (
            "Cannot assign requested address", "The address chosen for the cluster is not one of this node's.",
            "Choose another address; `ip address` shows them."
        ),
        (
            "already exists; delete or pass --allow-overwrite", "This node has files of another cluster in /etc/ceph.",
            "If that cluster is not needed any more, remove it with `cephadm rm-cluster`."
        ),
        (
            "No time synchronization is active", "Nothing keeps this node's clock right.",
            "Install and start chrony: apt install chrony."
        ),
        (
            "501 Not authorised", "chrony takes no commands on this node.",
            "Its folder /run/chrony must have the mode 0700 or 0750; then `systemctl restart chrony`."
        ),
        ("hostname is a fully qualified domain name", "The node's name has a dot.", "Choose a short host name."),
        ("lvcreate binary does not appear", "The LVM tools are missing.", "Install lvm2."),
        (
            "Failed to connect to", "Ceph's orchestrator can't log in to this node by ssh.",
            "Start the ssh server (systemctl enable --now ssh) and let root log in with a key."
        ),
        // The same, where ssh had ended before the orchestrator wrote to it.
        (
            "Can't communicate with remote host", "Ceph's orchestrator can't log in to this node by ssh.",
            "Start the ssh server (systemctl enable --now ssh) and let root log in with a key."
        ),
        (
            "initializing source docker://", "The container image could not be fetched from its registry.",
            "Check the image's name and that the registry can be reached; or put the image on the node beforehand."
        ),
        (
            "does not belong to any public_network", "The address chosen is not in the public network.",
            "Choose the network of that address."
        ),
        (
            "please use matching version of cephadm", "The image holds another release of Ceph than cephadm is.",
            "Choose an image of the same release as the package cephadm."
        ),
        (
            "No space left on device", "There is no space left on this node's system disk.",
            "Make room, then try again."
        ),
    ]

    static func explain(_ result: CommandResult, of command: Command) -> StepFailure {
        let lines = (result.errorOutput + "\n" + result.output).split(whereSeparator: \.isNewline)
        let name = command.program.split(separator: "/").last ?? ""
        let said =
            lines.last { $0.hasPrefix("ERROR: ") || $0.hasPrefix("Error ") || $0.contains("Error: ") } ?? lines.last
        for (text, message, hint) in known where lines.contains(where: { $0.contains(text) }) {
            return StepFailure(message, hint: hint)
        }
        let quote = said.map { " It said: " + CephKeys.hidden(in: $0).prefix(400) } ?? ""
        return StepFailure(
            "\(name) failed with exit code \(result.exitCode).\(quote)", hint: "The log has the details.")
    }
}

extension StepFailure {
    /// Whatever ended a phase, in the one place where it becomes words.
    init(_ error: any Error) {
        switch error {
        case let failure as StepFailure: self = failure
        case let failure as CommandFailure: self.init(failure)
        case let problem as Problem: self.init(problem.message, hint: problem.hint)
        case let failure as FileError:
            self.init("The agent \(failure).", hint: "See whether the system disk is full or read-only.")
        default: self.init("\(error)")
        }
    }

    private init(_ failure: CommandFailure) {
        let command = ([failure.command.program] + failure.command.arguments.prefix(3)).joined(separator: " ")
        switch failure.reason {
        case .notStarted(let code):
            self.init(
                "\(failure.command.program) could not be started: \(String(cString: strerror(code))).",
                hint: "Install the package that it belongs to.")
        case .timedOut:
            self.init(
                "\(command) … did not end within \(failure.command.limit.components.seconds) s and was stopped.",
                hint: "Try again; if it happens again, the log says where it hangs.")
        case .outputTooLong: self.init("\(command) … wrote more than can be sensible, and was stopped.")
        case .cancelled: self.init("\(command) … was stopped.")
        }
    }
}
