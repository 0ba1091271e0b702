import Glibc

/// Almost all bytes of JSON text stand in strings and mean themselves: they are passed over eight at a time.
enum JSONBytes {
    /// Where the next byte stands that ends a string, escapes something, or is a control character; else `count`.
    /// - Parameter other: gets bits of 0x80 if bytes outside of ASCII were met; perhaps for some soon after, too.
    static func endOfPlain(_ bytes: UnsafeRawBufferPointer, from start: Int, other: inout UInt64) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let special = isSpecial(word)
            other |= word & high
            guard special == 0 else { return index + special.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count, isSpecial(UInt64(bytes[index]) | 0x7f7f_7f7f_7f7f_7f00) == 0 {
            other |= UInt64(bytes[index]) & 0x80
            index += 1
        }
        return index
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let high: UInt64 = 0x8080_8080_8080_8080

    /// A bit of 0x80 in the lowest byte that is a quote, a backslash or below a space; above that, anything.
    private static func isSpecial(_ word: UInt64) -> UInt64 {
        let quote = word ^ (ones * 0x22)
        let backslash = word ^ (ones * 0x5c)
        let found = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones * 0x20) & ~word
        return found & high
    }
}

extension UnsafeRawBufferPointer {
    /// The first place of `byte` at or after `start`.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress, let found = memchr(base + start, CInt(byte), count - start) else {
            return nil
        }
        return base.distance(to: found)
    }
}
