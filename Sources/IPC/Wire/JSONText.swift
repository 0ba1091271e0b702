/// From JSON text to values.
enum JSONText {
    /// - Throws: `JSONScanner.Malformed`.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONScanner.Malformed) -> JSON {
        var scanner = JSONScanner(bytes)
        let value = try value(&scanner)
        try scanner.end()
        return value
    }

    static func parse(_ bytes: [UInt8]) throws -> JSON {
        try bytes.withUnsafeBytes { try parse($0) }
    }

    private static func value(_ scanner: inout JSONScanner) throws(JSONScanner.Malformed) -> JSON {
        switch scanner.peek() {
        case UInt8(ascii: "{"):
            var members: [JSON.Member] = []
            try scanner.object { scanner, key throws(JSONScanner.Malformed) in
                members.append(JSON.Member(name: unescape(scanner.bytes[key]), value: try value(&scanner)))
            }
            return .members(members)
        case UInt8(ascii: "["):
            var items: [JSON] = []
            try scanner.array { scanner throws(JSONScanner.Malformed) in items.append(try value(&scanner)) }
            return .array(items)
        case UInt8(ascii: "\""): return .string(unescape(scanner.bytes[try scanner.string().range]))
        default:
            guard let scalar = scalar(scanner.bytes[try scanner.skipValue()]) else {
                throw scanner.malformed("a number out of range")
            }
            return scalar
        }
    }

    private static func scalar(_ bytes: Slice<UnsafeRawBufferPointer>) -> JSON? {
        switch bytes.first {
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        case UInt8(ascii: "n"): return .null
        default:
            let text = String(decoding: bytes, as: UTF8.self)
            if let integer = Int64(text) { return .integer(integer) }
            guard let number = Double(text), number.isFinite else { return nil }
            // JSON knows one kind of number: 5.0 is as good an integer as 5.
            return Int64(exactly: number).map(JSON.integer) ?? .number(number)
        }
    }

    /// What stands between the quotes of a string that `JSONScanner` has accepted.
    static func unescape(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let text = UnsafeRawBufferPointer(rebasing: bytes)
        guard text.firstIndex(of: UInt8(ascii: "\\"), from: 0) != nil else {
            return String(decoding: text, as: UTF8.self)
        }
        var out: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
                out.append(byte)
                continue
            }
            switch escaped {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0c)
            case UInt8(ascii: "n"): out.append(0x0a)
            case UInt8(ascii: "r"): out.append(0x0d)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"): out += String(scalar(&rest)).utf8
            default: out.append(escaped)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func scalar(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Character {
        func unit() -> UInt32 {
            rest.prefix(4).reduce(0) { $0 << 4 | UInt32($1.hexDigit ?? 0) }
        }
        var code = unit()
        rest = rest.dropFirst(4)
        if (0xd800...0xdbff).contains(code) {
            rest = rest.dropFirst(2)
            code = 0x10000 + (code - 0xd800) << 10 + (unit() - 0xdc00)
            rest = rest.dropFirst(4)
        }
        return Character(Unicode.Scalar(code) ?? "\u{fffd}")
    }
}

extension JSON {
    /// From JSON text, by the same grammar as every line of the protocol.
    /// - Throws: `request.malformed`, with the reason and the byte.
    public init(text bytes: [UInt8]) throws(Problem) {
        do {
            self = try JSONText.parse(bytes)
        } catch {
            let place = (error as? JSONScanner.Malformed).map { ": \($0.reason) (byte \($0.offset))" } ?? ""
            throw Problem(.parse, "This is not valid JSON\(place).")
        }
    }
}
