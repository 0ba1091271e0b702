import Glibc

/// A value kept in a file as JSON: whole or not at all, on the disk when `save` returns, readable by its owner alone.
public struct DurableFile<Value: Codable & Sendable>: Sendable {
    public let path: String

    public struct Failure: Error, CustomStringConvertible {
        public let path: String
        public let step: String
        public let errno: CInt

        public var description: String { "\(path): \(step): \(String(cString: strerror(errno)))" }
    }

    public init(_ path: String) {
        self.path = path
    }

    /// - Returns: nil where no file is.
    /// - Throws: `Failure`, or a `DecodingError` if the file is not such a value.
    public func load() throws -> Value? {
        try read().map { try WireCoding.decode(Value.self, from: $0) }
    }

    /// - Throws: `Failure`; the file is then what it was before, or, where only the folder could not be synced, the
    ///   new one, which a power cut may take back.
    public func save(_ value: Value) throws {
        try Self.write(WireCoding.encode(value), to: path)
    }

    public func remove() throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("unlink") }
        try Self.syncFolder(of: path)
    }

    func read() throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure("read")
            }
            bytes += chunk[..<count]
        }
    }

    private func failure(_ step: String) -> Failure { Failure(path: path, step: step, errno: errno) }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Failure(path: temporary, step: "open", errno: errno) }
        do {
            defer { close(descriptor) }
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw Failure(path: temporary, step: "write", errno: errno) }
                rest = rest.dropFirst(count)
            }
            guard fsync(descriptor) == 0 else { throw Failure(path: temporary, step: "fsync", errno: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else { throw Failure(path: path, step: "rename", errno: errno) }
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: folder, step: "open", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(path: folder, step: "fsync", errno: errno) }
    }
}
