import Glibc
import NIOCore
import NIOHTTP1

/// The page: every file of a folder, read once at the start. What is not in the table can't be asked for, whatever
/// a path looks like, and a link that leads out of the folder is not followed.
struct StaticFiles: Sendable {
    private(set) var assets: [String: Asset] = [:]

    /// Far above what a page has.
    private static let maxFile = 16 << 20
    private static let maxDepth = 8

    /// - Parameter directory: if it can't be read there is no page, and the API is served all the same.
    init(in directory: String) {
        collect(directory, at: "/", depth: 0)
        assets["/"] = assets["/index.html"]
    }

    private mutating func collect(_ directory: String, at path: String, depth: Int) {
        guard depth < Self.maxDepth, let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let file = "\(directory)/\(name)"
            var info = stat()
            guard lstat(file, &info) == 0 else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFDIR: collect(file, at: "\(path)\(name)/", depth: depth + 1)
            case S_IFREG: assets[path + name] = Self.read(file).map { Asset(name: name, content: $0) }
            default: continue
            }
        }
    }

    private static func read(_ file: String) -> ByteBuffer? {
        let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size <= maxFile else {
            return nil
        }
        var content = ByteBuffer()
        while content.readableBytes < Int(info.st_size) {
            let count = content.writeWithUnsafeMutableBytes(minimumWritableBytes: Int(info.st_size)) { space in
                max(Glibc.read(descriptor, space.baseAddress, space.count), 0)
            }
            if count == 0 { return nil }
        }
        return content
    }
}

/// One file with what a browser is told about it.
struct Asset: Sendable {
    let content: ByteBuffer
    let contentType: String
    let cacheControl: String
    let etag: String

    init(name: String, content: ByteBuffer) {
        self.content = content
        contentType = Self.contentType(of: name)
        cacheControl = Self.hasHash(name) ? "public, max-age=31536000, immutable" : "no-cache"
        etag = Self.etag(of: content)
    }

    var handler: Route.Handler {
        let known: HTTPHeaders = ["Cache-Control": cacheControl, "ETag": etag]
        var headers = known
        headers.add(name: "Content-Type", value: contentType)
        let answers = (fresh: Response(.ok, headers, body: .bytes(content)), known: Response(.notModified, known))
        return { request, exchange in
            let isKnown = matches(request.headers.first(name: "if-none-match"))
            return exchange.loop.makeSucceededFuture(isKnown ? answers.known : answers.fresh)
        }
    }

    private func matches(_ known: String?) -> Bool {
        guard let known else { return false }
        return known.split(separator: ",").contains { candidate in
            let tag = candidate.drop { $0 == " " }
            return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == etag
        }
    }

    /// Whether the name says what is in the file, `app-K3J7QWXZ.js`: esbuild's hash is 8 letters of base 32.
    static func hasHash(_ name: String) -> Bool {
        guard let dash = name.lastIndex(of: "-") else { return false }
        let hash = name[name.index(after: dash)...].prefix { $0 != "." }
        return hash.count == 8 && hash.allSatisfy { ("A"..."Z").contains($0) || ("2"..."7").contains($0) }
    }

    static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json", "map": "application/json"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }

    /// FNV-1a: it only has to change when the file does.
    private static func etag(of content: ByteBuffer) -> String {
        let hash = content.withUnsafeReadableBytes { bytes in
            bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        return "\"" + String(hash, radix: 36) + "\""
    }
}
