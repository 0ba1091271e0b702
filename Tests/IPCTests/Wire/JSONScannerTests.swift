import Testing

@testable import IPC

@Suite struct JSONScannerTests {
    @Test(
        "valid JSON is accepted",
        arguments: [
            "null", "true", "false", "0", "-0", "-12.5e+10", "1E2", #""""#, #""é\u00e9\ud83d\ude00\n""#, "[]",
            "[1,[2],{}]",
            #"{"a":1,"b":{"a":2}}"#, " { \"a\" : [ 1 , 2 ] } ",
            String(repeating: "[", count: 32) + String(repeating: "]", count: 32),
        ])
    func valid(text: String) throws {
        try scan(Array(text.utf8))
    }

    @Test(
        "invalid JSON is refused",
        arguments: [
            "", "nul", "01", "-", "1.", "1e", "+1", ".5", "'a'", #""a"#, #""\x""#, #""\u12g4""#, #""\ud83d""#,
            #""\ude00""#,
            #""\ud83dx""#, "[1,]", "[1 2]", "[", "]", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "1 2", "[]]",
            "\"\u{1}\"", "NaN", "Infinity",
        ])
    func invalid(text: String) {
        #expect(throws: JSONScanner.Malformed.self) { try scan(Array(text.utf8)) }
    }

    @Test("a key that stands twice is refused, also by another spelling and among many")
    func duplicateKeys() {
        let many = (0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")
        for text in [#"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"[{"b":{"c":1,"c":1}}]"#, "{\(many),\"k0\":1}"] {
            #expect(throws: JSONScanner.Malformed.self) { try scan(Array(text.utf8)) }
        }
    }

    @Test("keys that differ in their bytes are two, though they look the same")
    func likeKeys() throws {
        let many = (0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")
        for text in [
            "{\"\u{e9}\":1,\"e\u{301}\":2}", "{\(many),\"\u{e9}\":1,\"e\u{301}\":2}", #"{"\u00e9":1,"e\u0301":2}"#,
        ] {
            try scan(Array(text.utf8))
        }
    }

    @Test("nesting deeper than 32 is refused")
    func depth() {
        let text = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        #expect(throws: JSONScanner.Malformed.self) { try scan(Array(text.utf8)) }
    }

    @Test(
        "invalid UTF-8 is refused inside strings",
        arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        #expect(throws: JSONScanner.Malformed.self) { try scan([0x22] + bytes + [0x22]) }
    }

    @Test("what a string may not hold is found wherever it stands")
    func everyPlace() throws {
        for length in 1...20 {
            for place in 0..<length {
                func string(_ byte: UInt8) -> [UInt8] {
                    var text = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    text[place] = byte
                    return [0x22] + text + [0x22]
                }
                try scan(string(0x20))
                try scan(string(0x7f))
                for byte in [0x00, 0x1f, 0x22, 0x5c, 0x80, 0xff] as [UInt8] {
                    #expect(throws: JSONScanner.Malformed.self, "\(byte) at \(place) of \(length)") {
                        try scan(string(byte))
                    }
                }
            }
        }
    }

    @Test("text read into a value and written again is the same value")
    func roundTrip() throws {
        let text = #"{"a":[1,-2.5,true,null,"x\"\\\n\u0001é😀"],"b":{"c":9223372036854775807}}"#
        let value = try JSONText.parse(Array(text.utf8))
        #expect(try JSONText.parse(value.bytes) == value)
        #expect(value["b"]?["c"] == .integer(.max))
    }

    @Test(
        "a whole number is an integer, however it is written",
        arguments: [
            ("5.0", 5), ("-3e2", -300), ("2.5E1", 25), ("-0.0", 0), ("9007199254740993", 9_007_199_254_740_993),
        ])
    func wholeNumber(text: String, number: Int64) throws {
        #expect(try JSONText.parse(Array(text.utf8)) == .integer(number))
    }

    @Test("what is no whole number, or none of 64 bits, is none", arguments: ["5.5", "1e300", "9223372036854775808"])
    func otherNumber(text: String) throws {
        #expect(try JSONText.parse(Array(text.utf8)).typeName == "number")
    }

    @Test("a number that no Double holds is refused")
    func numberOutOfRange() {
        #expect(throws: JSONScanner.Malformed.self) { try JSONText.parse(Array("[1e999]".utf8)) }
    }

    private func scan(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try JSONScanner.validate($0) }
    }
}
