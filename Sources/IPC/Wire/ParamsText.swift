public import NIOCore

/// JSON text from outside that is to be forwarded as `params`. It is held against the grammar, so that it can't
/// say anything beyond its own value on the line it becomes part of; what it means is the agent's to judge.
public enum ParamsText {
    /// - Returns: the same object on one line.
    /// - Throws: `request.malformed`, or `params.invalid` if it is another value than an object.
    public static func line(_ text: ByteBuffer) throws(Problem) -> ByteBuffer {
        do {
            try text.withUnsafeReadableBytesTyped { bytes throws(JSONScanner.Malformed) in
                try JSONScanner.validate(bytes, depth: 1) // the envelope around it
            }
        } catch {
            throw Problem(
                .parse, "The body is not valid JSON: \(error.reason) (byte \(error.offset)).",
                hint: "Send one JSON object in UTF-8.")
        }
        let view = text.readableBytesView
        guard view.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else {
            throw Problem(.paramsInvalid, "The body must be a JSON object: parameters go by name.", pointer: "")
        }
        guard view.contains(where: { $0 < 0x20 }) else { return text }
        // Valid JSON has control characters between its values only, where they mean no more than a space.
        return ByteBuffer(bytes: view.lazy.map { $0 < 0x20 ? 0x20 : $0 })
    }
}
