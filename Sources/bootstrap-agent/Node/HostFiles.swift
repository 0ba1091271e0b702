import Glibc
import IPC

/// The node's own files. Tests give another root.
struct HostFiles: Sendable {
    var root = ""

    func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

    func text(_ path: String) throws(FileError) -> String { String(decoding: try read(path), as: UTF8.self) }

    /// - Returns: nil if there is no such file; one that can't be read is an error.
    func textIfThere(_ path: String) throws(FileError) -> String? {
        do {
            return try text(path)
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }

    /// The text of a file of one line; nil if there is no such file.
    func line(_ path: String) throws(FileError) -> String? { try textIfThere(path)?.filter { !$0.isNewline } }

    func read(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = open(root + path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }

    /// Names in a folder, without `.` and `..`.
    func list(_ path: String) throws(FileError) -> [String] {
        guard let folder = opendir(root + path) else { throw FileError("list", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Replaces the file as a whole: after a crash there is the old or the new one, never a part.
    /// - Parameter owner: nil leaves it to root.
    func write(_ path: String, _ text: String, mode: mode_t, owner: Owner? = nil) throws(FileError) {
        let bytes = Array(text.utf8)
        try write(path, bytes, bytes.count, mode, owner)
    }

    func write(_ path: String, _ secret: Secret, mode: mode_t, owner: Owner? = nil) throws(FileError) {
        try secret.withBytes { bytes throws(FileError) in
            try write(path, bytes.baseAddress, bytes.count, mode, owner)
        }
    }

    private func write(
        _ path: String, _ bytes: UnsafeRawPointer?, _ count: Int, _ mode: mode_t, _ owner: Owner?
    ) throws(FileError) {
        let temporary = path + ".aquarium-new"
        unlink(root + temporary)
        let descriptor = open(root + temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError("create", temporary) }
        do throws(FileError) {
            defer { close(descriptor) }
            try Self.writeAll(descriptor, UnsafeRawBufferPointer(start: bytes, count: count), temporary)
            if let owner, fchown(descriptor, owner.user, owner.group) != 0 { throw FileError("chown", temporary) }
            guard fchmod(descriptor, mode) == 0 else { throw FileError("chmod", temporary) }
            guard fsync(descriptor) == 0 else { throw FileError("fsync", temporary) }
        } catch {
            unlink(root + temporary)
            throw error
        }
        guard rename(root + temporary, root + path) == 0 else { throw FileError("rename", path) }
        syncFolder(of: path)
    }

    /// No error if it isn't there.
    func remove(_ path: String) throws(FileError) {
        guard unlink(root + path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// One that is there already stays as it is.
    func makeFolder(_ path: String, mode: mode_t, owner: Owner?) throws(FileError) {
        guard mkdir(root + path, mode) == 0 else {
            if errno == EEXIST { return }
            throw FileError("create", path)
        }
        if let owner, chown(root + path, owner.user, owner.group) != 0 { throw FileError("chown", path) }
    }

    private static func writeAll(
        _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, _ path: String
    ) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", path) }
            written += count
        }
    }

    private func syncFolder(of path: String) {
        let folder = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
        let descriptor = open(root + folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

struct Owner: Sendable, Equatable {
    let user: uid_t
    let group: gid_t

    /// - Returns: nil when there is no such user.
    static func named(_ name: String) -> Owner? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return Owner(user: entry.pw_uid, group: entry.pw_gid)
    }
}

struct FileError: Error, CustomStringConvertible {
    let operation: String
    let path: String
    let code: Int32

    init(_ operation: String, _ path: String) {
        self.operation = operation
        self.path = path
        code = errno
    }

    var description: String { "can't \(operation) \(path): \(String(cString: strerror(code)))" }
}
