import IPC

/// One bootstrap from its start to its end, as stored: what was asked for, and what was done to the node that can't
/// be found out again by looking.
struct BootstrapJob: Codable, Sendable, Equatable {
    let choices: BootstrapChoices
    /// What was asked for, before the choices that were left open were made; nil in states of before it was stored.
    let asked: BootstrapChoices?
    /// Chosen before anything is done, so that a half-built cluster can always be found and removed.
    let fsid: String
    /// What the node was called before; clean-up gives it back.
    let formerHostname: String
    /// What /etc/hostname held before, which may be something else; nil where it was not there.
    let formerHostnameFile: String?
    let startedAt: Timestamp
    var endedAt: Timestamp?
    var times: [BootstrapPhase: PhaseTimes] = [:]
    /// The disks that have, or may have, been written to.
    var touched: [ChosenDisk] = []

    struct PhaseTimes: Codable, Sendable, Equatable {
        var startedAt: Timestamp
        var endedAt: Timestamp?
    }

    init(
        choices: BootstrapChoices, asked: BootstrapChoices? = nil, fsid: String, formerHostname: String,
        formerHostnameFile: String?, startedAt: Timestamp
    ) {
        self.choices = choices
        self.asked = asked
        self.fsid = fsid
        self.formerHostname = formerHostname
        self.formerHostnameFile = formerHostnameFile
        self.startedAt = startedAt
    }
}
