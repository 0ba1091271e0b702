import Glibc

/// What tells a file from what it was before: another one in its place, or other contents.
struct FileVersion: Equatable {
    private var device: dev_t = 0
    private var inode: ino_t = 0
    private var size: off_t = 0
    private var changed: [Int] = []

    /// All files that aren't there are the same.
    init(_ path: String) {
        var about = stat()
        guard stat(path, &about) == 0 else { return }
        (device, inode, size) = (about.st_dev, about.st_ino, about.st_size)
        changed = [about.st_mtim.tv_sec, about.st_mtim.tv_nsec, about.st_ctim.tv_sec, about.st_ctim.tv_nsec]
    }
}
