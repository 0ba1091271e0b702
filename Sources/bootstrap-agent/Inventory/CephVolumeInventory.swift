import FoundationEssentials

/// What Ceph itself says of the disks: `ceph-volume inventory` from the container image.
struct CephVolumeInventory: Sendable, Equatable {
    /// By path, in ceph-volume's words; empty for a disk that it would take.
    let rejections: [String: [String]]

    static func parse(_ output: String) throws -> CephVolumeInventory {
        struct Device: Decodable {
            let path: String
            let available: Bool?
            let rejectedReasons: [String]?
            private enum CodingKeys: String, CodingKey {
                case path, available
                case rejectedReasons = "rejected_reasons"
            }
        }
        let devices = try JSONDecoder().decode([Device].self, from: Data(output.utf8))
        return CephVolumeInventory(
            rejections: Dictionary(
                devices.map { device in
                    let reasons = device.rejectedReasons ?? []
                    return (device.path, device.available == false && reasons.isEmpty ? ["no reason given"] : reasons)
                }, uniquingKeysWith: +))
    }

    /// Against one disk, in words. One that ceph-volume doesn't list at all is nothing it refuses: what it leaves out
    /// differs between releases (loop devices, for one).
    func words(against path: String) -> [String] {
        (rejections[path] ?? []).map { "is rejected by Ceph: \($0)" }
    }
}

/// Why there is no such inventory, or what it says.
enum CephVolumeState: Sendable, Equatable {
    case asked(Answer<CephVolumeInventory>)
    /// It comes with the image, and that is not here yet.
    case imageAbsent
}
