extension Schema {
    /// What a text from a query or a command line stands for. A text that is nothing of this type stays a text, and is
    /// refused with its place where the parameters are held against their schema.
    public func value(from text: String) -> JSON {
        switch self {
        case .boolean: text == "true" ? true : text == "false" ? false : .string(text)
        case .integer: Int64(text).map(JSON.integer) ?? .string(text)
        case .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(text)
        case .string, .array, .map, .object, .any: .string(text)
        }
    }
}
