import FoundationEssentials
import IPC

/// To whom a disk belongs that carries what an OSD leaves: LVM and BlueStore look the same whoever has made them.
struct DiskOwner: Sendable {
    let runner: any CommandRunner
    let image: ImageReference
    /// Of the one cluster whose OSDs may be erased.
    let fsid: String

    /// Why it must not be erased, in words; none where nobody else's data are known to be on it. What can't be told counts
    /// as somebody's.
    func reasons(against disk: DiskFacts) async -> [String] {
        guard case .found(let marks) = disk.signatures else { return [] }
        var reasons: [String] = []
        if marks.contains("ceph_bluestore") { reasons += await rawReasons(disk.device.path) }
        if marks.contains("LVM2_member") { reasons += await volumeReasons(disk.device.path) }
        return reasons
    }

    /// A label that ceph-volume does not list is half of an OSD, and nobody's.
    private func rawReasons(_ path: String) async -> [String] {
        switch await runner.answer(to: Cephadm.rawOSDs(image: image)) {
        case .some(let osds): others(osds.values.filter { $0.device == path }.map(\.ceph_fsid))
        case .none(let reason): [unknown(reason)]
        }
    }

    /// ceph-volume names its groups `ceph-UUID`; a physical volume without a group is nobody's.
    private func volumeReasons(_ path: String) async -> [String] {
        switch await runner.answer(to: InventoryCommand.volumeGroup(path), Self.parseGroup) {
        case .some(""): []
        case .some(let group) where !group.hasPrefix("ceph-"): ["belongs to the LVM volume group \(group)"]
        case .some: await osdVolumeReasons(path)
        case .none(let reason): [unknown(reason)]
        }
    }

    private func osdVolumeReasons(_ path: String) async -> [String] {
        switch await runner.answer(to: Cephadm.lvmOSDs(image: image)) {
        case .some(let osds):
            others(osds.values.joined().filter { $0.devices.contains(path) }.compactMap(\.clusterFsid))
        case .none(let reason): [unknown(reason)]
        }
    }

    private func others(_ clusters: [String]) -> [String] {
        clusters.filter { $0 != fsid }.map { "stores data of another Ceph cluster (\($0))" }
    }

    private func unknown(_ reason: String) -> String { "can't be told whose data are on it: \(reason)" }

    /// What `pvs --reportformat json -o vg_name` says of one physical volume.
    static func parseGroup(_ output: String) throws -> String {
        struct Report: Decodable {
            struct Part: Decodable { let pv: [Volume] }
            struct Volume: Decodable { let vg_name: String }
            let report: [Part]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
        return report.report.flatMap(\.pv).map(\.vg_name).first { !$0.isEmpty } ?? ""
    }
}
