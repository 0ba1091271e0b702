import IPC

/// An event of the house's log as a person reads it; any other line stays as it is.
enum LogLine {
    private static let own: Set<String> = ["at", "level", "component", "message"]

    static func text(_ line: String) -> String {
        guard let event = try? JSON(text: Array(line.utf8)), case .members(let members) = event,
            case .string(let at)? = event["at"], case .string(let level)? = event["level"],
            case .string(let message)? = event["message"]
        else { return Printable.text(line) }
        let variables = members.filter { !own.contains($0.name) }.map { member in
            "\(Printable.text(member.name))=\(HumanText.inline(member.value, "", .any))"
        }
        let words = [Quantity.time(Printable.text(at)), Printable.text(level), Printable.text(message)] + variables
        return words.joined(separator: " ")
    }
}
