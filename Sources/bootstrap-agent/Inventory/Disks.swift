import IPC

/// A disk with all that is known about it before anybody judges.
struct DiskFacts: Sendable, Equatable {
    let device: BlockDevice
    let id: DiskID?
    /// Whether another disk says it is the same one.
    let isDuplicate: Bool
    let uses: [DiskUse]
    let signatures: Signatures
    var availability: Availability

    var isSystem: Bool { uses.contains(where: \.isSystem) }
}

extension DiskFacts {
    /// The smallest disk that ceph-volume takes for an OSD.
    static let leastBytes: Int64 = 5 << 30

    /// Why it can't be used, in words; none for a disk that can.
    var reasons: [String] {
        // Nothing else matters to somebody who must not choose it anyway.
        if isSystem { return ["holds this machine's system"] }
        return uses.map(\.reason) + holderReasons + propertyReasons + contentReasons() + identityReasons
    }

    private var holderReasons: [String] {
        if !device.holders.isEmpty { return ["is in use by \(device.holders.joined(separator: ", "))"] }
        switch availability {
        case .free: return []
        case .held: return uses.isEmpty ? ["is in use by the system or a program"] : []
        case .unreadable: return ["can't be opened"]
        }
    }

    /// Why it must not be erased, though this agent has once begun to write to it: somebody may have put it to use since.
    /// What an OSD leaves is no reason, and neither is blankness.
    private var reasonsAgainstErasing: [String] {
        if isSystem { return reasons }
        // An OSD's volume holds its disk, which then can't be opened exclusively.
        return uses.map(\.reason) + (device.isHeldByOSDs ? [] : holderReasons) + contentReasons(besides: Signatures.ofOSDs)
            + identityReasons
    }

    /// - Parameter others: further reasons against it, in words.
    /// - Throws: `disk.unusable` where it must not be erased.
    func checkErasable(besides others: [String]) throws(Problem) {
        let reasons = reasonsAgainstErasing + others
        guard reasons.isEmpty else {
            throw Problem(
                .diskUnusable,
                "The disk \(id?.text ?? "") at \(device.path) must not be erased: it "
                    + "\(reasons.joined(separator: "; ")).",
                hint: "If what is on it is not needed, erase it by hand: unmount it, then wipefs --all.")
        }
    }

    private var propertyReasons: [String] {
        var reasons: [String] = []
        if device.sizeBytes < Self.leastBytes {
            reasons.append("is too small: \(gibibytes(device.sizeBytes)) of at least \(gibibytes(Self.leastBytes))")
        }
        if device.isRemovable { reasons.append("is removable") }
        if device.isReadOnly { reasons.append("is read-only") }
        return reasons
    }

    private func contentReasons(besides ignored: Set<String> = []) -> [String] {
        let partitions = device.partitions.isEmpty ? [] : ["has partitions: \(device.partitions.joined(separator: ", "))"]
        switch signatures {
        case .found(let types):
            return partitions + types.filter { !ignored.contains($0) }.map { "has \(Signatures.words($0))" }
        case .unknown(let reason): return partitions + ["what is on it can't be read: \(reason)"]
        }
    }

    private var identityReasons: [String] {
        if id == nil { return ["has no serial number or other lasting name"] }
        return isDuplicate ? ["can't be told from another disk of the same name or serial number"] : []
    }

    /// - Parameter rejections: what Ceph says against it, in words.
    func disk(rejections: [String] = []) -> Disk {
        let own = reasons
        let reasons = own.isEmpty ? rejections : own
        return Disk(
            id: id, path: device.path, sizeBytes: device.sizeBytes, vendor: device.vendor, model: device.model,
            serial: device.serial, isRotational: device.isRotational, isSystem: isSystem, isUsable: reasons.isEmpty,
            reasons: reasons)
    }
}

extension DiskUse {
    fileprivate var reason: String {
        switch self {
        case .mounted(let point): "is in use: mounted at \(point)"
        case .swap: "is in use: swap"
        }
    }
}

/// Looks at the disks of this machine.
struct DiskReader: Sendable {
    let tree: FileTree
    let probe: any DeviceProbe
    let runner: any CommandRunner

    /// A container sees all of its machine's disks in /sys, and nodes of those that it was given: the others are left
    /// out, except for one that holds the system, so that a person sees where that is.
    func read() async -> [DiskFacts] {
        let blocks = BlockTree(in: tree)
        let uses = DiskUse.all(in: blocks)
        let identity = DiskIdentity(in: tree)
        let devices = BlockDevice.all(in: blocks).filter { device in
            uses[device.name]?.contains(where: \.isSystem) == true || probe.isNode(device.path, number: device.number)
        }
        let ids = Dictionary(devices.compactMap { identity.id(of: $0) }.map { ($0, 1) }, uniquingKeysWith: +)
        var disks: [DiskFacts] = []
        for device in devices {
            let id = identity.id(of: device)
            let isDuplicate =
                id.map { ids[$0, default: 0] > 1 } ?? false
                || devices.contains { $0.name != device.name && $0.isSameDrive(as: device) }
            disks.append(await facts(device, id: id, isDuplicate: isDuplicate, uses: uses[device.name] ?? []))
        }
        return disks
    }

    private func facts(_ device: BlockDevice, id: DiskID?, isDuplicate: Bool, uses: [DiskUse]) async -> DiskFacts {
        func facts(_ signatures: Signatures, _ availability: Availability) -> DiskFacts {
            DiskFacts(
                device: device, id: id, isDuplicate: isDuplicate, uses: uses, signatures: signatures,
                availability: availability)
        }
        // The system disk is never touched, not even to look at it.
        guard !uses.contains(where: \.isSystem) else { return facts(.found([]), .held) }
        let read = facts(await Signatures.read(device.path, with: runner), .free)
        // Opening it exclusively may get in the way of a program that is about to take it: done only where it decides.
        return read.reasons.isEmpty ? probed(read) : read
    }
}

extension DiskReader {
    /// With what opening it exclusively tells.
    func probed(_ facts: DiskFacts) -> DiskFacts {
        if facts.isSystem { return facts }
        var facts = facts
        facts.availability = probe.availability(facts.device.path)
        return facts
    }
}

extension ChosenDisk {
    /// The disk that was chosen, among those there are now.
    /// - Throws: `disk.moved` where it is not there, or its name or size is another; `disk.unusable`.
    func find(among disks: [Disk]) throws(Problem) -> Disk {
        let again = "Look at the disks again and choose anew."
        guard let disk = disks.first(where: { $0.id == id }) else {
            throw Problem(.diskMoved, "The disk \(id), chosen as \(path), is not there any more.", hint: again)
        }
        guard disk.path == path.text else {
            throw Problem(.diskMoved, "The disk \(id) was \(path) when it was chosen, and is \(disk.path) now.", hint: again)
        }
        guard disk.sizeBytes == sizeBytes else {
            throw Problem(
                .diskMoved,
                "The disk \(id) at \(path) had \(sizeBytes) bytes when it was chosen, and has \(disk.sizeBytes) now.",
                hint: again)
        }
        guard disk.isUsable else {
            throw Problem(
                .diskUnusable, "The disk \(id) at \(path) can't be used: it \(disk.reasons.joined(separator: "; ")).",
                hint: "Choose another disk, or free this one; what is on it is lost then.")
        }
        return disk
    }

    /// The disk that this agent has begun to write to, under whatever name it has now and with whatever is on it.
    /// - Throws: `disk.moved` where it is not there.
    func findWhateverIsOnIt(among facts: [DiskFacts]) throws(Problem) -> DiskFacts {
        guard let found = facts.first(where: { $0.id == id && $0.device.sizeBytes == sizeBytes }) else {
            throw Problem(
                .diskMoved, "The disk \(id) of \(sizeBytes) bytes, chosen as \(path), is not there.",
                hint: "Connect it again.")
        }
        return found
    }
}
