import Glibc

/// A key, a password, a token: bytes that no log, error, answer or debugger's print shows. It is read from JSON and
/// never written to it; whoever needs the bytes says so (`withBytes`).
///
/// Its own memory is overwritten when the last copy ends. What it was made from is not: a text that came through a
/// decoder or a program's output stays where these have put it until that memory is used again.
public struct Secret: Sendable {
    private let storage: Storage

    /// Takes over a copy.
    public init(_ bytes: some Collection<UInt8>) {
        storage = Storage(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    init(_ bytes: some Collection<UInt8>, atEnd: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        storage = Storage(count: bytes.count, atEnd: atEnd) { $0.copyBytes(from: bytes) }
    }

    /// - Parameter body: gets the bytes for as long as it runs. What it copies out of them is its own to keep secret.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(storage.bytes))
    }

    /// The same between two texts that are none, such as a key in its file.
    public func enclosed(_ before: String, _ after: String) -> Secret {
        let (before, after) = (Array(before.utf8), Array(after.utf8))
        let start = before.count
        return Secret(
            storage: Storage(count: start + storage.bytes.count + after.count) { bytes in
                bytes.copyBytes(from: before)
                UnsafeMutableRawBufferPointer(rebasing: bytes[start...]).copyMemory(from: .init(storage.bytes))
                UnsafeMutableRawBufferPointer(rebasing: bytes[(start + storage.bytes.count)...]).copyBytes(from: after)
            })
    }

    private init(storage: Storage) { self.storage = storage }
}

/// Owns the bytes. Nothing changes them between its making and its end.
private final class Storage: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let atEnd: (@Sendable (UnsafeRawBufferPointer) -> Void)?

    init(
        count: Int, atEnd: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        bytes = .allocate(byteCount: count, alignment: 1)
        self.atEnd = atEnd
        fill(bytes)
    }

    deinit {
        // The compiler may leave out a memset of what nobody reads any more.
        if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        atEnd?(UnsafeRawBufferPointer(bytes))
        bytes.deallocate()
    }
}

extension Secret: Equatable {
    /// Takes as long for a right guess as for a wrong one of the same length: only the length can be learnt.
    public static func == (a: Secret, b: Secret) -> Bool {
        let (a, b) = (a.storage.bytes, b.storage.bytes)
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Secret: Decodable {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self).utf8)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
