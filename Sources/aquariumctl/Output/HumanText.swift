import IPC

/// Any JSON value as lines for a person, in the order and with the meaning that its schema gives.
struct HumanText {
    let console: Console

    func lines(_ value: JSON, _ schema: Schema) -> [String] {
        switch (value, schema) {
        case (.members(let members), _): object(members, schema)
        case (.array(let items), .array(let item)) where items.contains { $0.isObject }: table(items, item)
        case (.array(let items), _) where items.contains { $0.isObject }: table(items, .any)
        case (.array(let items), _): items.map { Self.inline($0, "", .any) }
        default: [Self.inline(value, "", schema)]
        }
    }

    // MARK: objects

    /// Aligned `name  value`; what does not fit on a line follows its name, indented.
    private func object(_ members: [JSON.Member], _ schema: Schema) -> [String] {
        let ordered = Self.ordered(members, schema)
        let width = ordered.filter { !needsLines($0.value) }.map { Self.label($0.name).count }.max() ?? 0
        return ordered.flatMap { name, value, schema -> [String] in
            let label = Self.label(name)
            guard needsLines(value) else {
                let gap = String(repeating: " ", count: width - label.count + 2)
                return [console.bold(label) + gap + Self.inline(value, name, schema)]
            }
            return [console.bold(label + ":")] + lines(value, schema).map { "  " + $0 }
        }
    }

    /// Objects that say something, and lists of objects or of sentences.
    private func needsLines(_ value: JSON) -> Bool {
        switch value {
        case .members(let members): !members.isEmpty
        case .array(let items): items.contains { $0.isObject || $0.isArray } || items.contains { $0.isSentence }
        case .null, .bool, .integer, .number, .string: false
        }
    }

    // MARK: tables

    /// One row an object; columns that are empty in every row are left out.
    private func table(_ items: [JSON], _ schema: Schema) -> [String] {
        let columns = columns(items, schema).filter { column in
            items.contains { item in item[column.name].map { $0 != .null && $0 != [] && $0 != "" } ?? false }
        }
        let rows = items.map { item in
            columns.map { column in item[column.name].map { Self.inline($0, column.name, column.schema) } ?? "-" }
        }
        return Table(header: columns.map { Self.label($0.name).uppercased() }, rows: rows).lines(console)
    }

    private func columns(_ items: [JSON], _ schema: Schema) -> [(name: String, schema: Schema)] {
        var columns: [(name: String, schema: Schema)] = []
        if case .object(let properties) = schema { columns = properties.map { ($0.name, $0.schema) } }
        for case .members(let members) in items {
            for member in members where !columns.contains(where: { $0.name == member.name }) {
                columns.append((member.name, .any))
            }
        }
        return columns
    }

    // MARK: parts

    /// On one line.
    static func inline(_ value: JSON, _ name: String, _ schema: Schema) -> String {
        switch (value, schema) {
        case (.null, _): return "-"
        case (.bool(let value), _): return value ? "yes" : "no"
        case (.integer(let count), _) where Quantity.isBytes(name):
            return Quantity.bytes(count, perSecond: name.hasSuffix("_per_second"))
        case (.integer(let number), _): return "\(number)"
        case (.number(let number), _): return "\(number)"
        case (.string(let text), .string(_, ["date-time"], _, _)): return Quantity.time(Printable.text(text))
        case (.string(let text), _): return text.isEmpty ? "-" : Printable.text(text)
        case (.array(let items), _):
            let item: Schema = if case .array(let item) = schema { item } else { .any }
            let separator = items.allSatisfy { $0.isArray } ? "; " : ", "
            return items.isEmpty ? "-" : items.map { inline($0, name, item) }.joined(separator: separator)
        case (.members(let members), _):
            let parts = ordered(members, schema).map { "\(label($0.name)) \(inline($0.value, $0.name, $0.schema))" }
            return parts.isEmpty ? "-" : parts.joined(separator: ", ")
        }
    }

    /// `size_bytes` → `size`: what it counts is said with the number.
    static func label(_ name: String) -> String {
        var name = Printable.text(name)
        for suffix in ["_bytes_per_second", "_bytes"] where name.hasSuffix(suffix) && name.count > suffix.count {
            name.removeLast(suffix.count)
        }
        return String(name.map { $0 == "_" ? " " : $0 })
    }

    /// The members in the order of the declaration; what it does not know comes last.
    private static func ordered(
        _ members: [JSON.Member], _ schema: Schema
    ) -> [(name: String, value: JSON, schema: Schema)] {
        guard case .object(let properties) = schema else {
            let value: Schema = if case .map(let value) = schema { value } else { .any }
            return members.map { ($0.name, $0.value, value) }
        }
        let known = properties.compactMap { property in
            members.first { $0.name == property.name }.map { ($0.name, $0.value, property.schema) }
        }
        let unknown = members.filter { member in !properties.contains { $0.name == member.name } }
        return known + unknown.map { ($0.name, $0.value, .any) }
    }
}

extension JSON {
    fileprivate var isObject: Bool { if case .members = self { true } else { false } }
    fileprivate var isArray: Bool { if case .array = self { true } else { false } }
    /// Longer than what one would put beside others on a line.
    fileprivate var isSentence: Bool { if case .string(let text) = self { text.count > 40 } else { false } }
}
