/// Text in the language of manual pages, mdoc(7).
struct Mdoc {
    private(set) var lines: [String] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    /// A macro line that is mdoc already.
    mutating func raw(_ line: String) {
        lines.append("." + line)
    }

    /// Paragraphs, parted by empty lines; one that says "Example:" is given as it stands.
    mutating func prose(_ text: String) {
        for paragraph in Self.paragraphs(text) {
            if paragraph.isLiteral {
                raw("Bd -literal -offset indent")
                lines += paragraph.lines.map(Self.escaped)
                raw("Ed")
            } else {
                if lines.last?.hasPrefix(".Sh") == false { raw("Pp") }
                sentences(paragraph.lines.joined(separator: " "))
            }
        }
    }

    private static func paragraphs(_ text: String) -> [(isLiteral: Bool, lines: [String])] {
        var paragraphs: [(isLiteral: Bool, lines: [String])] = []
        var isNew = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isLiteral = line.hasPrefix("  ")
            if line.isEmpty {
                isNew = true
            } else if isNew || paragraphs.last?.isLiteral != isLiteral {
                paragraphs.append((isLiteral, [String(line.drop { $0 == " " })]))
                isNew = false
            } else {
                paragraphs[paragraphs.count - 1].lines.append(String(line.drop { $0 == " " }))
            }
        }
        return paragraphs
    }

    /// Each sentence begins a line, as mdoc wants it, and no line is long.
    mutating func sentences(_ text: String) {
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count >= 78 {
                lines.append(Self.escaped(line))
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
            guard word.hasSuffix("."), word.count > 2 else { continue }
            lines.append(Self.escaped(line))
            line = ""
        }
        if !line.isEmpty { lines.append(Self.escaped(line)) }
    }

    /// One word of a macro line. A short one could be a macro's name.
    static func word(_ text: String) -> String {
        let escaped = escaped(text)
        return text.contains(" ") ? "\"\(escaped)\"" : (text.count < 4 ? "\\&" : "") + escaped
    }

    static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "\\": out += "\\e"
            case "\"": out += "\\(dq"
            case "'": out += "\\(aq"
            case "-": out += "\\-"
            case "^": out += "\\(ha"
            case "`": out += "\\(ga"
            case "~": out += "\\(ti"
            case "…": out += "..."
            default: out.append(character)
            }
        }
        return out.hasPrefix(".") ? "\\&" + out : out
    }
}
