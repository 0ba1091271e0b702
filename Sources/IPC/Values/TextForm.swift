import Synchronization

/// What a text must look like to be a value of its type: said to callers as JSON Schema, and asked when a value comes
/// in, so that the two can't differ.
public final class TextForm: Sendable {
    /// A regular expression for the whole text, in what ECMA 262 and Swift have in common.
    public let pattern: String
    /// In bytes. A pattern allows ASCII alone, where these are characters, too.
    public let maxLength: Int
    private let regex: Mutex<Regex<AnyRegexOutput>>

    /// - Precondition: `pattern` is one of ours, anchored at both ends.
    init(_ pattern: String, maxLength: Int) {
        self.pattern = pattern
        self.maxLength = maxLength
        // By scalars: by characters `K`, the sign for kelvin, would be the letter.
        regex = Mutex(try! Regex(pattern).matchingSemantics(.unicodeScalar))
    }

    func matches(_ text: String) -> Bool {
        text.utf8.count <= maxLength && regex.withLock { text.wholeMatch(of: $0) != nil }
    }
}

/// A text value whose form a regular expression tells in full.
public protocol PatternedText: TextValue {
    static var form: TextForm { get }
}

extension PatternedText {
    public static var schema: Schema { .string(pattern: form.pattern, maxLength: form.maxLength) }
}
