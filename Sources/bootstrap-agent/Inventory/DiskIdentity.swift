import IPC

/// What a disk is called by, so that it is found again when the kernel's names have moved.
struct DiskIdentity: Sendable {
    /// Names in /dev/disk/by-id, by the kernel's name of the device they lead to.
    private let links: [String: [String]]

    init(in tree: FileTree) {
        let folder = "/dev/disk/by-id"
        links = tree.entries(folder).reduce(into: [:]) { links, link in
            guard let target = tree.resolved("\(folder)/\(link)")?.lastPathComponent else { return }
            links[target, default: []].append(link)
        }
    }

    /// The best of udev's names; without udev (in a container) what the drive itself says, for a loop device its file.
    func id(of device: BlockDevice) -> DiskID? {
        let names = (links[device.name] ?? []).filter { Self.agrees($0, with: device) }.compactMap { link in
            Self.rank(link).map { (rank: $0, name: link) }
        }
        if let best = names.min(by: { ($0.rank, $0.name) < ($1.rank, $1.name) }), let id = try? DiskID(best.name) {
            return id
        }
        if let own = device.serial ?? device.wwid { return Self.make("serial-", own) }
        return device.backingFile.flatMap { Self.make("loop", $0) }
    }

    /// A link may be a leftover of another drive: a world-wide name is believed where the kernel knows no other one.
    /// Its forms differ: udev's `wwn-0x5000c500a1b2c3d4` is the kernel's `naa.5000c500a1b2c3d4`.
    private static func agrees(_ link: String, with device: BlockDevice) -> Bool {
        let (udevs, kernels) = ("wwn-0x", ["naa.", "eui."])
        guard link.hasPrefix(udevs), let wwid = device.wwid, let form = kernels.first(where: wwid.hasPrefix)
        else { return true }
        return link.dropFirst(udevs.count).lowercased() == wwid.dropFirst(form.count).lowercased()
    }

    /// World-wide names first: they stay when the drive is moved to another controller. Names of what is built on
    /// disks change with it, so they have no rank.
    private static func rank(_ link: String) -> Int? {
        let order = ["wwn-", "nvme-eui.", "nvme-", "scsi-", "ata-"]
        guard !["dm-", "lvm-", "md-"].contains(where: link.hasPrefix) else { return nil }
        return order.firstIndex(where: link.hasPrefix) ?? order.count
    }

    /// A text made fit for a `DiskID`. Two texts that become alike are found as a duplicate, and neither is used.
    private static func make(_ prefix: String, _ text: String) -> DiskID? {
        let sanitised = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
                UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"):
                byte
            default: UInt8(ascii: "-")
            }
        }
        // What tells two paths apart is at their end.
        let room = DiskID.form.maxLength - prefix.utf8.count
        return try? DiskID(prefix + String(decoding: sanitised.suffix(room), as: UTF8.self))
    }
}
