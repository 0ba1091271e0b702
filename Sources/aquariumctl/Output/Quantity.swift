import IPC

/// Numbers and times as a person reads them, where the member's name or the schema says what they are.
enum Quantity {
    private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// Whether a member of this name counts bytes: `size_bytes`, `read_bytes_per_second`.
    static func isBytes(_ name: String) -> Bool { name.hasSuffix("_bytes") || name.hasSuffix("_bytes_per_second") }

    /// 1536 → `1.5 KiB`.
    static func bytes(_ count: Int64, perSecond: Bool = false) -> String {
        var (value, unit) = (Double(count), 0)
        while abs(value) >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        let tenths = (value * 10).rounded() / 10
        return (unit == 0 ? "\(count)" : "\(tenths)") + " " + units[unit] + (perSecond ? "/s" : "")
    }

    /// `2026-11-21T10:26:40.123Z` → `2026-11-21 10:26:40Z`; what is no such time stays as it is.
    static func time(_ text: String) -> String {
        guard let parsed = try? Timestamp(text) else { return text }
        return parsed.text.prefix(10) + " " + parsed.text.dropFirst(11).prefix(8) + "Z"
    }
}
