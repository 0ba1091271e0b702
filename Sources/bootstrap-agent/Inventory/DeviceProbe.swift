import Glibc

/// What only the device node itself can tell.
protocol DeviceProbe: Sendable {
    /// Whether this is a block device with the number that the kernel gives to the disk.
    func isNode(_ path: String, number: String) -> Bool
    func availability(_ path: String) -> Availability
}

enum Availability: Sendable, Equatable {
    case free
    /// A file system, device-mapper, RAID or a program has claimed it.
    case held
    case unreadable(errno: Int32)
}

struct KernelDeviceProbe: DeviceProbe {
    func isNode(_ path: String, number: String) -> Bool {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFBLK else { return false }
        return Self.number(info.st_rdev) == number
    }

    /// `major:minor`, as Linux packs them (makedev(3), whose macros Swift doesn't see).
    private static func number(_ device: dev_t) -> String {
        let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
        let minor = device & 0xff | (device >> 12) & 0xfff00
        return "\(major):\(minor)"
    }

    /// Opening a block device exclusively fails while anybody holds it, in whatever mount namespace that is.
    func availability(_ path: String) -> Availability {
        let device = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK)
        guard device >= 0 else { return errno == EBUSY ? .held : .unreadable(errno: errno) }
        close(device)
        return .free
    }
}
