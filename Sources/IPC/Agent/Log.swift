import Glibc
public import Logging
import Synchronization

/// One JSON object per event on stderr: time, level, component, message, and the variables beside it. Messages are
/// constant sentences; what varies goes into the metadata, so that a log can be searched by either.
public enum Log {
    private static let isStarted = Mutex(false)

    /// To be called before the first logger is made. The first call counts.
    public static func start(component: String, level: Logger.Level) {
        let wasStarted = isStarted.withLock { started in
            defer { started = true }
            return started
        }
        guard !wasStarted else { return }
        LoggingSystem.bootstrap { _ in LineLogHandler(component: component, logLevel: level) }
    }

    /// Whether a line is an event such as these, in the name of that component. It builds nothing: every line of every
    /// process is looked at.
    public static func isEvent(_ line: [UInt8], of component: String) -> Bool {
        line.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var (found, isOwn) = (0, false)
            do throws(JSONScanner.Malformed) {
                try scanner.object { scanner, key throws(JSONScanner.Malformed) in
                    let name = scanner.bytes[key]
                    let value = scanner.bytes[try scanner.skipValue()]
                    guard value.first == UInt8(ascii: "\""), let place = members.firstIndex(where: name.elementsEqual)
                    else {
                        return
                    }
                    found += 1
                    if place == 0 { isOwn = value.dropFirst().dropLast().elementsEqual(component.utf8) }
                }
                try scanner.end()
            } catch {
                return false
            }
            return found == members.count && isOwn
        }
    }

    private static let members = ["component", "at", "level", "message"].map { Array($0.utf8) }
}

struct LineLogHandler: LogHandler {
    let component: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = line(event.level, event.message.description, event.metadata ?? [:], at: .now())
        line.withUnsafeBytes { bytes in
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    /// Written by hand: every call of every process writes one, and through values, dictionaries and a formatter it would
    /// cost as much as the call itself.
    func line(_ level: Logger.Level, _ message: String, _ event: Logger.Metadata, at time: timespec) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        out += #"{"at":""#.utf8
        Self.writeTime(time, to: &out)
        out += #"","level":""#.utf8
        out += level.rawValue.utf8
        Self.write("\",\"component\":", component, to: &out)
        Self.write(",\"message\":", message, to: &out)
        var variables = event.map { Variable(key: $0.key, value: $0.value) }
        for (key, value) in metadata where event[key] == nil { variables.append(Variable(key: key, value: value)) }
        variables.sort { $0.key < $1.key }
        for variable in variables {
            out.append(UInt8(ascii: ","))
            Self.write("", variable.key, to: &out)
            Self.write(":", variable.text, to: &out)
        }
        out += "}\n".utf8
        return out
    }

    /// A tuple would be copied through its metadata, at three times the cost.
    private struct Variable {
        let key: String
        let value: Logger.MetadataValue

        var text: String {
            if case .string(let text) = value { text } else { value.description }
        }
    }

    private static func write(_ before: StaticString, _ text: String, to out: inout [UInt8]) {
        out += UnsafeBufferPointer(start: before.utf8Start, count: before.utf8CodeUnitCount)
        JSON.write(text, to: &out)
    }

    /// RFC 3339 in UTC, with milliseconds.
    private static func writeTime(_ time: timespec, to out: inout [UInt8]) {
        var (seconds, parts) = (time.tv_sec, tm())
        gmtime_r(&seconds, &parts)
        func digits(_ value: Int, _ count: Int, _ end: Unicode.Scalar) {
            var divisor = (1..<count).reduce(1) { product, _ in product * 10 }
            while divisor > 0 {
                out.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            out.append(UInt8(ascii: end))
        }
        digits(Int(parts.tm_year) + 1900, 4, "-")
        digits(Int(parts.tm_mon) + 1, 2, "-")
        digits(Int(parts.tm_mday), 2, "T")
        digits(Int(parts.tm_hour), 2, ":")
        digits(Int(parts.tm_min), 2, ":")
        digits(Int(parts.tm_sec), 2, ".")
        digits(time.tv_nsec / 1_000_000, 3, "Z")
    }
}

extension timespec {
    static func now() -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }
}
