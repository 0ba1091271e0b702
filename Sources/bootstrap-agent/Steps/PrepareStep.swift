import IPC

/// The node's name, its entry in /etc/hosts, and its time servers.
struct PrepareStep: Step {
    static let hostnameFile = "/etc/hostname"
    static let kernelHostname = "/proc/sys/kernel/hostname"
    static let hostsFile = "/etc/hosts"
    static let timeSourcesFolder = "/etc/chrony/sources.d"
    static let timeSourcesFile = timeSourcesFolder + "/aquarium.sources"

    func summary(_ design: ClusterDesign) -> String {
        var parts = ["Name this node \(design.hostname) and make the name known to it as \(design.address)"]
        if let servers = design.timeServers {
            parts.append("take the time from " + servers.map(\.text).joined(separator: ", "))
        }
        return parts.joined(separator: "; ") + "."
    }

    func commands(_ design: ClusterDesign, _ known: PlanValues) -> [Command] {
        (design.facts.hostname == design.hostname ? [] : [System.setHostname(design.hostname)])
            + (design.timeServers == nil ? [] : [System.reloadTimeSources])
    }

    func run(_ bench: StepBench) async throws {
        bench.tell("setting the host name", 0.1)
        try await Self.name(bench, bench.design.hostname)
        let hosts = HostsFile(try bench.files.textIfThere(Self.hostsFile) ?? "")
        let wanted = hosts.adding(address: bench.design.address, name: bench.design.hostname)
        if wanted != hosts { try bench.files.write(Self.hostsFile, wanted.text, mode: 0o644) }
        if let servers = bench.design.timeServers {
            bench.tell("setting the time servers", 0.5)
            try await setTime(bench, servers)
        }
    }

    static func name(_ bench: StepBench, _ name: String) async throws {
        func current() throws -> String { try bench.files.line(Self.kernelHostname) ?? "" }
        try bench.files.write(hostnameFile, name + "\n", mode: 0o644)
        guard try current() != name else { return }
        try await bench.act(System.setHostname(name))
        guard try current() == name else {
            throw StepFailure(
                "The host name could not be set to \(name): it is still \(try current()).",
                hint: "Something on this node sets it back, such as cloud-init or a DHCP client; set it there.")
        }
    }

    private func setTime(_ bench: StepBench, _ servers: [ServerName]) async throws {
        guard bench.files.exists(Self.timeSourcesFolder) else {
            throw StepFailure(
                "Time servers were chosen, but this node has no chrony to give them to.",
                hint: "Install chrony (apt install chrony), then try again.")
        }
        let lines = servers.map { "server \($0) iburst\n" }
        try bench.files.write(
            Self.timeSourcesFile, "# Made by Aquarium.\n" + lines.joined(), mode: 0o644)
        try await bench.act(System.reloadTimeSources)
        let listed = try await bench.tools.runner.run(System.timeSources).output
        let names = listed.split(separator: "\n").compactMap { $0.split(separator: ",").dropFirst(2).first }
        for server in servers where !names.contains(where: { $0 == server.text }) {
            throw StepFailure(
                "chrony did not take over the time server \(server).",
                hint: "/etc/chrony/chrony.conf must have the line `sourcedir /etc/chrony/sources.d`.")
        }
    }
}

extension ClusterDesign {
    /// Nil leaves the node's time as it is.
    var timeServers: [ServerName]? { choices.ntpServers?.isEmpty == false ? choices.ntpServers : nil }
}

/// /etc/hosts, line by line; nothing but the one line of ours is ever changed.
struct HostsFile: Equatable {
    private static let mark = "# aquarium"
    private let lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }
    private init(lines: [Substring]) { self.lines = lines }

    var text: String { lines.joined(separator: "\n") }

    /// First of all lines: Debian maps the host name to 127.0.1.1, and the first one counts.
    func adding(address: String, name: String) -> HostsFile {
        let others = removing()
        if others.maps(name, to: address) { return others }
        return HostsFile(lines: ["\(address) \(name) \(Self.mark)"] + others.lines)
    }

    func removing() -> HostsFile {
        HostsFile(lines: lines.filter { !$0.hasSuffix(Self.mark) })
    }

    private func maps(_ name: String, to address: String) -> Bool {
        lines.contains { line in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            return words.first.map(String.init) == address && words.dropFirst().contains { $0 == name }
        }
    }
}
