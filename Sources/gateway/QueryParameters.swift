import FoundationEssentials
import IPC

/// A query becomes the JSON object of parameters: the schema tells what type a text stands for. A text that is
/// nothing of that type stays a text, and an unknown name stays in: the agent refuses both, with the place.
enum QueryParameters {
    /// - Returns: nil where there is no query.
    /// - Throws: `params.invalid` for a name that stands twice though it is no list, and for text that is none.
    static func json(of query: String?, schema: Schema) throws(Problem) -> JSON? {
        guard let query, !query.isEmpty, case .object(let properties) = schema else { return nil }
        var members: [(name: String, value: JSON)] = []
        for (name, text) in try pairs(query) {
            let property = properties.first { $0.name == name }
            let value = value(text, property?.schema ?? .any)
            guard let index = members.firstIndex(where: { $0.name == name }) else {
                members.append((name, value))
                continue
            }
            guard case (.array(let before), .array(let more)) = (members[index].value, value) else {
                throw Problem(.paramsInvalid, "/\(name.prefix(200)) stands twice.", pointer: "/\(name.prefix(200))")
            }
            members[index].value = .array(before + more)
        }
        return .object(members.map { ($0.name, $0.value) })
    }

    /// `a=1&b=x%20y`, as forms write it: a plus is a space.
    private static func pairs(_ query: String) throws(Problem) -> [(name: String, text: String)] {
        let url = URLComponents(string: "?" + query.replacing("+", with: "%20"), encodingInvalidCharacters: false)
        // A value that is no UTF-8 is nil like one that is not there.
        guard let items = url?.queryItems, items.allSatisfy({ !$0.name.isEmpty }),
            items.map({ $0.value == nil }) == url?.percentEncodedQueryItems?.map({ $0.value == nil })
        else {
            throw Problem(
                .paramsInvalid, "The query \"\(query.prefix(200))\" is not percent-encoded UTF-8.",
                hint: "Write it as name=value&name=value, with %25 for a percent sign.")
        }
        return items.map { ($0.name, $0.value ?? "") }
    }

    private static func value(_ text: String, _ schema: Schema) -> JSON {
        guard case .array(let item) = schema else { return schema.value(from: text) }
        return .array([value(text, item)])
    }
}
