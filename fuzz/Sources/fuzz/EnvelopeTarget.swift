import Foundation
@testable import IPC
import NIOCore

/// Envelope and scanner never trap, agree with each other, and call JSON what Foundation calls JSON.
///
/// Input: one line.
enum EnvelopeTarget {
    static func test(_ input: [UInt8]) {
        let malformed = malformed(input)
        if isRefusedAsMalformed(input) != (malformed != nil) { finding("the envelope and the scanner do not agree") }
        if isComparable(input) { compare(input, malformed) }
    }

    private static func malformed(_ input: [UInt8]) -> JSONScanner.Malformed? {
        input.withUnsafeBytes { bytes in
            do throws(JSONScanner.Malformed) {
                try JSONScanner.validate(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    private static func isRefusedAsMalformed(_ input: [UInt8]) -> Bool {
        let messages: [Result<Envelope.Message, Envelope.Refusal>]
        do throws(Envelope.Refusal) {
            switch try Envelope.readLine(ByteBuffer(bytes: input)) {
            case .single(let message): messages = [message]
            case .batch(let batch): messages = batch
            }
        } catch {
            return error.problem.kind == .parse
        }
        for case .success(.call(_, _, let params?, _)) in messages where malformed(Array(input[params])) != nil {
            finding("params are not where the envelope says")
        }
        return false
    }

    /// Foundation guesses the encoding from zero bytes and byte order marks; the protocol has UTF-8 alone.
    private static func isComparable(_ input: [UInt8]) -> Bool {
        !input.contains(0) && !input.starts(with: [0xef, 0xbb, 0xbf]) && !input.starts(with: [0xff, 0xfe])
            && !input.starts(with: [0xfe, 0xff])
    }

    private static func compare(_ input: [UInt8], _ malformed: JSONScanner.Malformed?) {
        let isJSON = (try? JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)) != nil
        switch malformed?.reason {
        case nil where !isJSON && !hasLargeNumber(input): finding("Foundation refuses what the scanner accepts")
        // What the protocol refuses on purpose, and Foundation does not.
        case nil, "a key stands twice", "nested deeper than \(JSONScanner.maxDepth)", "half of a surrogate pair": break
        case .some where isJSON && malformed.map { isAfterComma(input, $0.offset) } == true: break
        case .some(let reason) where isJSON: finding("Foundation accepts what the scanner refuses: \(reason)")
        default: break
        }
    }

    /// Foundation accepts a comma before a closing bracket; RFC 8259 does not.
    private static func isAfterComma(_ input: [UInt8], _ offset: Int) -> Bool {
        guard offset < input.count, [UInt8(ascii: "}"), UInt8(ascii: "]")].contains(input[offset]) else { return false }
        return input[..<offset].last { $0 > 0x20 } == UInt8(ascii: ",")
    }

    /// Foundation refuses numbers that no Double can hold; to the protocol a number is its text.
    private static func hasLargeNumber(_ input: [UInt8]) -> Bool {
        zip(input, input.dropFirst()).contains { $0.isDigit && ($1 | 0x20) == UInt8(ascii: "e") }
            || input.split(whereSeparator: { !$0.isDigit }).contains { $0.count > 300 }
    }
}
