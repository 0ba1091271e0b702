/// A place in a log: how many lines come before it, and in which log, as another one begins with each life of who keeps
/// it. Callers take it as it is.
public struct LogCursor: PatternedText {
    /// The log's own name, a random one.
    public let log: String
    public let lines: Int
    public static let form = TextForm("^[0-9a-z]{1,13}-[0-9]{1,15}$", maxLength: 29)
    public static var example: LogCursor { LogCursor(log: "3w5e11264sgsf", lines: 1200) }

    public var text: String { "\(log)-\(lines)" }

    public init(log: String, lines: Int) {
        self.log = log
        self.lines = lines
    }

    public init(_ text: String) throws(InvalidValue) {
        let parts = text.split(separator: "-")
        guard Self.form.matches(text), let lines = Int(parts[1]) else {
            throw InvalidValue("is not the cursor of an earlier answer")
        }
        self.init(log: String(parts[0]), lines: lines)
    }
}
