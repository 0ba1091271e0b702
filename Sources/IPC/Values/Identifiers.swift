import FoundationEssentials

/// A disk by what stays when device names move: `wwn-…` and the like from /dev/disk/by-id, else `serial-…`,
/// else (a loop device) `loop-…` from its backing file.
public struct DiskID: PatternedText {
    public let text: String
    public static let form = TextForm("^[A-Za-z0-9][A-Za-z0-9._:+=@-]*$", maxLength: 255)
    public static var example: DiskID { try! DiskID("wwn-0x5000c500a1b2c3d4") }

    public init(_ text: String) throws(InvalidValue) {
        guard Self.form.matches(text) else {
            throw InvalidValue("is not a disk id; requirements.check lists the ids of this node's disks")
        }
        self.text = text
    }
}

/// A block device by the kernel's name of today, `/dev/sdb`.
public struct DevicePath: PatternedText {
    public let text: String
    public static let form = TextForm("^/dev/(?!.*(?:[.]{2}|/{2}))[A-Za-z0-9][A-Za-z0-9._+:/-]*$", maxLength: 255)
    public static var example: DevicePath { try! DevicePath("/dev/sdb") }

    public init(_ text: String) throws(InvalidValue) {
        guard Self.form.matches(text) else {
            throw InvalidValue("is not the path of a disk such as \(Self.example)")
        }
        self.text = text
    }
}

/// The caller's key for one changing operation: the same key never runs it twice.
public struct OperationKey: PatternedText {
    public let text: String
    public static let form = TextForm("^[A-Za-z0-9._:-]{8,64}$", maxLength: 64)
    public static var example: OperationKey { try! OperationKey("5f1c9e4a-6d1b-4d5e-9a53-0a4f1f0f7c11") }
    public static var random: OperationKey { try! OperationKey(UUID().uuidString.lowercased()) }
    /// How long a key is remembered, in seconds from when its operation ended, by the wall clock: the only one that goes
    /// on from one process, and one boot, to the next. One that jumps ahead forgets early.
    public static let memory = 24.0 * 3600

    public init(_ text: String) throws(InvalidValue) {
        guard Self.form.matches(text) else {
            throw InvalidValue("is not an operation key: 8 to 64 letters, digits, dots, colons or hyphens")
        }
        self.text = text
    }
}
