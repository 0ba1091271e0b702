/// A whole disk as the kernel describes it in /sys.
struct BlockDevice: Sendable, Equatable {
    /// The kernel's name, `sda`.
    let name: String
    /// `major:minor`.
    let number: String
    let sizeBytes: Int64
    let isRemovable: Bool
    let isReadOnly: Bool
    let isRotational: Bool
    let vendor: String?
    let model: String?
    let serial: String?
    /// World-wide name, from drivers that give one (SCSI, NVMe).
    let wwid: String?
    let partitions: [String]
    /// Device-mapper and RAID devices built on it or on one of its partitions.
    let holders: [String]
    /// Whether it has holders and all of them are OSDs' volumes.
    let isHeldByOSDs: Bool
    /// The file behind a loop device.
    let backingFile: String?

    var path: String { "/dev/\(name)" }

    /// Whether both are one drive, reached by two paths. The serial number counts where no world-wide names tell: it is
    /// the drive's, and one drive can have several namespaces or units.
    func isSameDrive(as other: BlockDevice) -> Bool {
        guard sizeBytes == other.sizeBytes else { return false }
        if let wwid, let otherWWID = other.wwid { return wwid == otherWWID }
        return serial != nil && serial == other.serial
    }

    /// The disks there are: with a size, and neither memory, nor optical, nor built from other devices, nor hidden
    /// behind another one (the paths of a multipath NVMe). A loop device counts while a file is behind it.
    static func all(in tree: BlockTree) -> [BlockDevice] {
        tree.wholeDevices.filter(isDisk).compactMap { BlockDevice($0, in: tree) }
    }

    private static let otherKinds = [
        "dm-", "drbd", "fd", "md", "mtdblock", "nbd", "ram", "rbd", "sr", "zd", "zram",
    ]

    private static func isDisk(_ name: String) -> Bool {
        guard !otherKinds.contains(where: name.hasPrefix) else { return false }
        // The boot areas and the protected memory of an eMMC are block devices of their own.
        return !(name.hasPrefix("mmcblk") && (name.contains("boot") || name.contains("rpmb")))
    }

    private init?(_ name: String, in tree: BlockTree) {
        guard let folder = tree.folder(of: name) else { return nil }
        func text(_ file: String) -> String? { tree.files.text("\(folder)/\(file)") }
        // The kernel counts in sectors of 512 bytes, whatever the disk's own are.
        guard let number = text("dev"), let sectors = text("size").flatMap({ Int64($0) }), sectors > 0,
            sectors < Int64.max / 512, text("hidden") != "1"
        else { return nil }
        backingFile = text("loop/backing_file")
        if name.hasPrefix("loop") && backingFile == nil { return nil }
        self.name = name
        self.number = number
        sizeBytes = sectors * 512
        isRemovable = text("removable") == "1"
        isReadOnly = text("ro") == "1"
        isRotational = text("queue/rotational") == "1"
        vendor = text("device/vendor").flatMap { $0.hasPrefix("0x") ? nil : $0 }
        model = text("device/model") ?? text("device/name")
        serial = text("serial") ?? text("device/serial")
        wwid = text("wwid") ?? text("device/wwid")
        partitions = tree.files.entries(folder).filter { tree.isPartition("\(folder)/\($0)") }
        let holders = ([""] + partitions.map { "/\($0)" }).flatMap { tree.files.entries("\(folder)\($0)/holders") }
        self.holders = holders
        isHeldByOSDs = !holders.isEmpty && holders.allSatisfy(tree.isOSDVolume)
    }
}
