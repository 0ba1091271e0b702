import HummingbirdCore
import IPC

/// A query becomes the JSON object of parameters: the schema tells what type a text stands for. A text that is
/// nothing of that type stays a text, and an unknown name stays in: the agent refuses both, with the place.
enum QueryParameters {
    /// - Returns: nil where there is no query.
    /// - Throws: `params.invalid` for a name that stands twice though it is no list.
    static func json(of uri: URI, schema: Schema) throws(Problem) -> JSON? {
        guard uri.query?.isEmpty == false, case .object(let properties) = schema else { return nil }
        var members: [(name: String, value: JSON)] = []
        for (name, text) in uri.queryParameters {
            let property = properties.first { $0.name == name }
            let value = value(String(text), property?.schema ?? .any)
            guard let index = members.firstIndex(where: { $0.name == name }) else {
                members.append((String(name), value))
                continue
            }
            guard case (.array(let before), .array(let more)) = (members[index].value, value) else {
                throw Problem(.paramsInvalid, "/\(name.prefix(200)) stands twice.", pointer: "/\(name.prefix(200))")
            }
            members[index].value = .array(before + more)
        }
        return .object(members.map { ($0.name, $0.value) })
    }

    private static func value(_ text: String, _ schema: Schema) -> JSON {
        guard case .array(let item) = schema else { return schema.value(from: text) }
        return .array([value(text, item)])
    }
}
