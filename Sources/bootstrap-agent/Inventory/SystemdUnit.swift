/// What systemd says of a unit.
struct SystemdUnit: Sendable, Equatable {
    let name: String
    let isActive: Bool
    /// Whether it starts at the next boot.
    let isEnabled: Bool

    /// The ones that cephadm takes for time synchronisation (`check_time_sync` in cephadm 16 to 20).
    static let timeSync = [
        "chrony.service", "chronyd.service", "systemd-timesyncd.service", "ntpd.service", "ntp.service",
        "ntpsec.service", "openntpd.service",
    ]

    /// From `systemctl show`: KEY=VALUE lines, units parted by an empty line. An alias shows as the unit it leads to.
    static func parse(_ output: String) -> [SystemdUnit] {
        var units: [SystemdUnit] = []
        for block in output.split(separator: "\n", omittingEmptySubsequences: false).split(separator: "") {
            let pairs = block.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }.filter { $0.count == 2 }
            let values = Dictionary(pairs.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
            guard let name = values["Id"], !units.contains(where: { $0.name == name }) else { continue }
            units.append(
                SystemdUnit(
                    name: name, isActive: values["ActiveState"] == "active",
                    isEnabled: values["UnitFileState"]?.hasPrefix("enabled") == true))
        }
        return units
    }
}
