import Logging
import Synchronization
import Testing

@testable import IPC

@Suite struct SecretTests {
    private static let word = "AQverysecret=="
    private let secret = Secret(word.utf8)
    private struct Holder: Decodable {
        var key: Secret
        var others: [Secret]? = []
    }

    @Test("whatever prints it shows that there is one, and no more")
    func printed() throws {
        let holder = Holder(key: secret, others: [secret])
        var dumped = ""
        dump(holder, to: &dumped)
        dump(secret, to: &dumped)
        var debugged = ""
        debugPrint(holder, secret, [secret], to: &debugged)
        let logged = Logger.Metadata(dictionaryLiteral: ("key", "\(secret)"), ("holder", "\(holder)"))
        let texts = [
            "\(secret)", "\(holder)", String(describing: secret), String(reflecting: secret),
            String(reflecting: holder),
            dumped, debugged, "\(logged)", "\(Optional(secret) as Any)",
            "\(Mirror(reflecting: secret).children.map { $0 })",
        ]
        for text in texts { #expect(!text.contains("AQ") && !text.contains("65, 81"), "\(text)") }
        for text in texts.dropLast() { #expect(text.contains("<secret>"), "\(text)") }
    }

    @Test("it is read from JSON and can't be written to it")
    func coding() throws {
        let holder = try WireCoding.decode(Holder.self, from: Array(#"{"key":"AQverysecret=="}"#.utf8))
        #expect(holder.key == secret)
        #expect(!(Secret.self is any Encodable.Type))
    }

    @Test("it equals the same bytes and no others")
    func equal() {
        #expect(secret == Secret(Self.word.utf8))
        for other in ["", "AQverysecret=", "AQverysecret=x", "xQverysecret==", Self.word + "="] {
            #expect(secret != Secret(other.utf8), "\(other)")
        }
        #expect(Secret([]) == Secret([]))
    }

    @Test("the bytes are there for who asks for them, also between others")
    func bytes() {
        #expect(secret.withBytes { Array($0) } == Array(Self.word.utf8))
        let enclosed = secret.enclosed("[x]\nkey = ", "\n")
        #expect(enclosed.withBytes { String(decoding: $0, as: UTF8.self) } == "[x]\nkey = AQverysecret==\n")
        #expect(Secret([]).enclosed("", "").withBytes { $0.count } == 0)
    }

    @Test("its memory holds nothing of it when the last copy has ended")
    func overwritten() {
        let left = Mutex<[[UInt8]]>([])
        do {
            let first = Secret(Self.word.utf8) { bytes in left.withLock { $0.append(Array(bytes)) } }
            let copies = [first, first]
            #expect(copies.count == 2)
            #expect(left.withLock { $0 }.isEmpty)
        }
        #expect(left.withLock { $0 } == [Array(repeating: 0, count: Self.word.utf8.count)])
    }
}
