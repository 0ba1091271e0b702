import Glibc

/// RFC 9110's IMF-fixdate, made once a second.
struct HTTPDate {
    private var second: time_t = -1
    private var text = ""

    mutating func now() -> String {
        var seconds = time(nil)
        if seconds == second { return text }
        second = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            let length = strftime(buffer.baseAddress!, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return text
    }
}
