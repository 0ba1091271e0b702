@testable import IPC

/// Whatever the parameters are: they are refused as such, or they make an operation that survives being sent again.
///
/// Input: the method, a space, the JSON text of its parameters.
enum ParamsTarget {
    private static let checks: [String: @Sendable (JSON) -> Void] = {
        var checks: [String: @Sendable (JSON) -> Void] = [:]
        for operation in Contracts.all.flatMap(\.operations) {
            checks[operation.about.method] = check(of: operation)
        }
        return checks
    }()

    static func test(_ input: [UInt8]) {
        guard let space = input.firstIndex(of: UInt8(ascii: " ")),
            let check = checks[String(decoding: input[..<space], as: UTF8.self)],
            let params = json(Array(input[(space + 1)...]))
        else { return }
        check(params)
    }

    /// As a connection reads it; what is malformed or out of range is refused there.
    private static func json(_ text: [UInt8]) -> JSON? {
        guard let json = try? JSONText.parse(text) else { return nil }
        guard (try? JSONText.parse(json.bytes)) == json else { finding("a value changes by being written") }
        return json
    }

    private static func check<O: Operation>(of type: O.Type) -> @Sendable (JSON) -> Void {
        let schema = Schema.of(type)
        return { params in
            guard let operation = decode(type, params, schema) else { return }
            do {
                let sent = try WireCoding.encode(operation)
                guard let again = decode(type, try JSONText.parse(sent), schema) else {
                    finding("\(type) refuses what it has sent: \(String(decoding: sent, as: UTF8.self))")
                }
                if try WireCoding.encode(again) != sent { finding("\(type) changes by being sent") }
            } catch {
                finding("\(type) can't be sent: \(error)")
            }
        }
    }

    private static func decode<O: Operation>(_ type: O.Type, _ params: JSON, _ schema: Schema) -> O? {
        do {
            return try ParameterDecoder.decode(type, from: params, schema: schema)
        } catch let problem as Problem where problem.kind == .paramsInvalid {
            return nil
        } catch {
            finding("\(type) is refused as \(error), not as parameters")
        }
    }
}
