import Glibc

/// Walks over JSON text once, strictly by RFC 8259, without building anything: it tells where values begin and
/// end, and refuses what is malformed, nested deeper than `maxDepth`, or an object that has a key twice.
struct JSONScanner {
    static let maxDepth = 32

    struct Malformed: Error, Equatable {
        let reason: String
        let offset: Int
    }

    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    private var depth: Int
    /// Not 0 if a string has bytes outside of ASCII.
    private var other: UInt64 = 0

    /// - Parameter depth: how many brackets are open around `bytes` already.
    init(_ bytes: UnsafeRawBufferPointer, depth: Int = 0) {
        self.bytes = bytes
        self.depth = depth
    }

    /// Scans all of `bytes` as one value with nothing after it.
    static func validate(_ bytes: UnsafeRawBufferPointer, depth: Int = 0) throws(Malformed) {
        var scanner = JSONScanner(bytes, depth: depth)
        try scanner.skipValue()
        try scanner.end()
    }

    mutating func end() throws(Malformed) {
        skipSpace()
        guard position == bytes.count else { throw malformed("something follows the value") }
        // Outside of strings every byte was held against the grammar; inside, only this tells.
        guard other == 0 || String(validating: bytes, as: UTF8.self) != nil else {
            throw malformed("not UTF-8")
        }
    }

    /// The first byte of the next value or punctuation; nil at the end.
    mutating func peek() -> UInt8? {
        skipSpace()
        return position < bytes.count ? bytes[position] : nil
    }

    /// - Returns: where the value lies.
    @discardableResult
    mutating func skipValue() throws(Malformed) -> Range<Int> {
        guard let first = peek() else { throw malformed("a value is missing") }
        let start = position
        switch first {
        case UInt8(ascii: "{"): try object { scanner, _ throws(Malformed) in try scanner.skipValue() }
        case UInt8(ascii: "["): try array { scanner throws(Malformed) in try scanner.skipValue() }
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try number()
        }
        return start..<position
    }

    /// Calls `member` at each member's value, which it has to consume, with the place of the key inside its quotes.
    mutating func object(
        _ member: (inout JSONScanner, Range<Int>) throws(Malformed) -> Void
    ) throws(Malformed) {
        var keys = KeySet()
        try nested(from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) { scanner throws(Malformed) in
            guard scanner.peek() == UInt8(ascii: "\"") else { throw scanner.malformed("a key is missing") }
            let key = try scanner.string()
            guard keys.insert(key, of: scanner) else { throw scanner.malformed("a key stands twice") }
            guard scanner.peek() == UInt8(ascii: ":") else { throw scanner.malformed("a colon is missing") }
            scanner.position += 1
            try member(&scanner, key.range)
        }
    }

    mutating func array(_ element: (inout JSONScanner) throws(Malformed) -> Void) throws(Malformed) {
        try nested(from: UInt8(ascii: "["), to: UInt8(ascii: "]"), element)
    }

    struct Text {
        /// Inside the quotes.
        let range: Range<Int>
        let hasEscapes: Bool
    }

    @discardableResult
    mutating func string() throws(Malformed) -> Text {
        guard peek() == UInt8(ascii: "\"") else { throw malformed("a string is missing") }
        position += 1
        let start = position
        var hasEscapes = false
        while true {
            position = JSONBytes.endOfPlain(bytes, from: position, other: &other)
            guard position < bytes.count else { break }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return Text(range: start..<position, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape()
            default: throw malformed("a control character in a string")
            }
        }
        throw malformed("a string does not end")
    }

    func malformed(_ reason: String) -> Malformed {
        Malformed(reason: reason, offset: position)
    }

    // MARK: parts

    private mutating func nested(
        from open: UInt8, to close: UInt8, _ element: (inout JSONScanner) throws(Malformed) -> Void
    ) throws(Malformed) {
        guard peek() == open else { throw malformed("a bracket is missing") }
        guard depth < Self.maxDepth else { throw malformed("nested deeper than \(Self.maxDepth)") }
        depth += 1
        position += 1
        if peek() != close {
            while true {
                try element(&self)
                guard peek() == UInt8(ascii: ",") else { break }
                position += 1
            }
        }
        guard peek() == close else { throw malformed("a comma or a closing bracket is missing") }
        position += 1
        depth -= 1
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20, Self.isSpace(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    private mutating func literal(_ word: StaticString) throws(Malformed) {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length,
            (0..<length).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw malformed("not a JSON value") }
        position += length
    }

    private mutating func number() throws(Malformed) {
        if next(is: UInt8(ascii: "-")) { position += 1 }
        if next(is: UInt8(ascii: "0")) { position += 1 } else { try digits() }
        if next(is: UInt8(ascii: ".")) {
            position += 1
            try digits()
        }
        if next(is: UInt8(ascii: "e")) || next(is: UInt8(ascii: "E")) {
            position += 1
            if next(is: UInt8(ascii: "+")) || next(is: UInt8(ascii: "-")) { position += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(Malformed) {
        let start = position
        while position < bytes.count, bytes[position].isDigit { position += 1 }
        guard position > start else { throw malformed("not a JSON value") }
    }

    private func next(is byte: UInt8) -> Bool {
        position < bytes.count && bytes[position] == byte
    }

    private mutating func escape() throws(Malformed) {
        position += 1
        guard position < bytes.count else { throw malformed("a string does not end") }
        switch bytes[position] {
        case UInt8(ascii: "u"):
            position += 1
            let unit = try hex4()
            if (0xdc00...0xdfff).contains(unit) { throw malformed("half of a surrogate pair") }
            if (0xd800...0xdbff).contains(unit) { try lowSurrogate() }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func lowSurrogate() throws(Malformed) {
        guard next(is: UInt8(ascii: "\\")) else { throw malformed("half of a surrogate pair") }
        position += 1
        guard next(is: UInt8(ascii: "u")) else { throw malformed("half of a surrogate pair") }
        position += 1
        guard (0xdc00...0xdfff).contains(try hex4()) else { throw malformed("half of a surrogate pair") }
    }

    private mutating func hex4() throws(Malformed) -> UInt32 {
        guard bytes.count - position >= 4 else { throw malformed("a string does not end") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = byte.hexDigit else { throw malformed("an unknown escape") }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }
}

extension UInt8 {
    var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// The keys of one object: a few are compared one by one; many go into a set, so that no peer can make it slow.
private struct KeySet {
    private var few = InlineArray<16, Range<Int>>(repeating: 0..<0)
    private var count = 0
    /// As bytes: texts that differ in how they compose their letters are two.
    private var many: Set<[UInt8]> = []

    /// - Returns: false if the key was there.
    mutating func insert(_ key: JSONScanner.Text, of scanner: JSONScanner) -> Bool {
        if many.isEmpty, !key.hasEscapes, count < few.count {
            for index in 0..<count where scanner.bytes.isSame(few[index], key.range) { return false }
            few[count] = key.range
            count += 1
            return true
        }
        if many.isEmpty {
            for index in 0..<count { many.insert(Array(scanner.bytes[few[index]])) }
        }
        return many.insert(Array(JSONText.unescape(scanner.bytes[key.range]).utf8)).inserted
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func isSame(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        a.count == b.count && memcmp(baseAddress! + a.lowerBound, baseAddress! + b.lowerBound, a.count) == 0
    }
}
