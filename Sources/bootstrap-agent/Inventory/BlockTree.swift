/// All block devices by number and by name, as the kernel has them in /sys/dev/block. (/sys/block would do on most
/// machines; in a container it may be overlaid with a choice of disks that lacks the one with the system.)
struct BlockTree: Sendable {
    let files: FileTree
    /// Folders in /sys/devices, by the kernel's name.
    private let folders: [String: String]
    private let names: [String: String]

    init(in files: FileTree) {
        self.files = files
        let numbered = files.entries("/sys/dev/block").compactMap { number in
            files.resolved("/sys/dev/block/\(number)").map { (number: number, folder: $0) }
        }
        folders = Dictionary(numbered.map { ($0.folder.lastPathComponent, $0.folder) }) { first, _ in first }
        names = Dictionary(numbered.map { ($0.number, $0.folder.lastPathComponent) }) { first, _ in first }
    }

    func name(ofNumber number: some StringProtocol) -> String? { names[String(number)] }

    func folder(of name: String) -> String? { folders[name] }

    func isPartition(_ folder: String) -> Bool { files.exists("\(folder)/partition") }

    /// Whether it is a logical volume as ceph-volume names them: `osd-block-UUID` in the group `ceph-UUID`, each dash
    /// doubled by LVM.
    func isOSDVolume(_ name: String) -> Bool {
        guard let volume = folders[name].flatMap({ files.text("\($0)/dm/name") }) else { return false }
        return volume.hasPrefix("ceph--") && volume.contains("-osd--")
    }

    /// The names of the devices that aren't partitions.
    var wholeDevices: [String] {
        folders.filter { !isPartition($0.value) }.keys.sorted()
    }

    /// Through partitions to their disk, and through device-mapper and RAID to all disks below.
    func wholeDisks(under name: String, depth: Int = 0) -> [String] {
        guard depth < 8, let folder = folders[name] else { return [] }
        if isPartition(folder) { return wholeDisks(under: folder.parentPath.lastPathComponent, depth: depth + 1) }
        let slaves = files.entries("\(folder)/slaves")
        return slaves.isEmpty ? [name] : slaves.flatMap { wholeDisks(under: $0, depth: depth + 1) }
    }
}
