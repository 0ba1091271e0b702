import Glibc

/// The kernel's and the system's own files, read below a root that tests can choose.
struct FileTree: Sendable {
    /// Empty for this machine's own `/`.
    let root: String

    init(root: String = "") {
        self.root = root
    }

    /// At most this much of a file is read; the tables in /proc that are read here are far smaller.
    private static let readLimit = 4 << 20

    /// The text of a file without the white space around it; nil where it can't be read or is empty.
    func text(_ path: String) -> String? {
        let file = open(root + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        // Files in /proc and /sys have no size: they end where reading ends.
        while bytes.count < Self.readLimit {
            let count = read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self).trimmed
        return text.isEmpty ? nil : text
    }

    func lines(_ path: String) -> [Substring] {
        text(path)?.split(separator: "\n") ?? []
    }

    /// The names in a folder, sorted; none where there is no such folder.
    func entries(_ path: String) -> [String] {
        guard let folder = opendir(root + path) else { return [] }
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

    func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

    func isExecutable(_ path: String) -> Bool { access(root + path, X_OK) == 0 }

    /// The path with all links followed; nil where it leads nowhere.
    func resolved(_ path: String) -> String? {
        guard let real = realpath(root + path, nil) else { return nil }
        defer { free(real) }
        let text = String(cString: real)
        guard !root.isEmpty, let realRoot = realpath(root, nil) else { return text }
        defer { free(realRoot) }
        let prefix = String(cString: realRoot)
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }

    /// What a file system has left for unprivileged writers where `path` is, or would be once it is made.
    func freeBytes(_ path: String) -> Int64? {
        var path = path
        while !path.isEmpty && !exists(path) { path = path.parentPath }
        var info = statvfs()
        guard statvfs(root + (path.isEmpty ? "/" : path), &info) == 0 else { return nil }
        return Int64(clamping: UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
    }
}

extension StringProtocol {
    var trimmed: String {
        let isSpace = { (character: Character) in character.isWhitespace || character == "\0" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[first...last])
    }

    var lastPathComponent: String { split(separator: Character("/")).last.map { String($0) } ?? "" }

    /// Without its last component; empty for one that lies in the root.
    var parentPath: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "" }
}

/// A size for a person: GiB with one decimal, rounded down so that "10.0 GiB" is never less.
func gibibytes(_ bytes: Int64) -> String {
    let tenths = Int64((Double(bytes) * 10 / Double(1 << 30)).rounded(.down))
    return "\(tenths / 10).\(tenths % 10) GiB"
}
