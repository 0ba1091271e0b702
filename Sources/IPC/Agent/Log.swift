import FoundationEssentials
import Glibc
public import Logging

/// One JSON object per event on stderr: time, level, component, message, and the variables beside it. Messages are
/// constant sentences; what varies goes into the metadata, so that a log can be searched by either.
public enum Log {
    /// To be called once, before the first logger is made.
    public static func start(component: String, level: Logger.Level) {
        LoggingSystem.bootstrap { _ in LineLogHandler(component: component, logLevel: level) }
    }
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
        let line = Self.line(
            component: component, level: event.level, message: "\(event.message)",
            metadata: metadata.merging(event.metadata ?? [:]) { $1 }, at: .now)
        line.withUnsafeBytes { bytes in
            _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    static func line(
        component: String, level: Logger.Level, message: String, metadata: Logger.Metadata, at time: Timestamp
    ) -> [UInt8] {
        let variables = metadata.sorted { $0.key < $1.key }.map { ($0.key, Optional(JSON.string("\($0.value)"))) }
        let event = JSON.object(
            [
                ("at", .string(time.text)), ("level", .string(level.rawValue)), ("component", .string(component)),
                ("message", .string(message)),
            ] + variables)
        return event.bytes + [UInt8(ascii: "\n")]
    }
}
