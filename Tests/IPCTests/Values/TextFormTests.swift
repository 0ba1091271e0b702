import Glibc
import Testing

@testable import IPC

@Suite struct TextFormTests {
    @Test(
        "a pattern means what JSON Schema means by it: ASCII, the whole text, no line end after it",
        arguments: ["host\n", "\u{212A}elvin", "e\u{301}a", "hôte", " host", "host "])
    func scalars(text: String) {
        #expect(!HostName.form.matches(text))
        #expect(!OperationKey.form.matches("12345678" + text))
    }

    @Test("what is longer than the schema says is refused before it is looked at")
    func length() {
        #expect(ImageReference.form.matches(String(repeating: "a", count: 255)))
        #expect(!ImageReference.form.matches(String(repeating: "a", count: 256)))
    }

    /// The names of JSON Schema's formats stand in the schema in place of a pattern, so they must be what is checked.
    @Test("an IP address is what the system takes for one", arguments: 0..<16)
    func addresses(seed: UInt64) {
        var chance = Chance(state: seed)
        var (good, bad) = (0, 0)
        for _ in 0..<500 {
            let text = Self.address(&chance)
            var buffer = in6_addr()
            let isAddress = inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
            #expect(((try? IPAddress(text)) != nil) == isAddress, "\(text)")
            #expect(((try? Network(text + "/8")) != nil) == isAddress, "\(text)/8")
            if isAddress { good += 1 } else { bad += 1 }
        }
        #expect(good > 20 && bad > 20)
    }

    /// Often a good one.
    private static func address(_ chance: inout Chance) -> String {
        func groups(_ range: ClosedRange<Int>) -> String {
            let most = [0xf, 0xff, 0xffff].randomElement(using: &chance)!
            let count = Int.random(in: range, using: &chance)
            return (0..<count).map { _ in String(Int.random(in: 0...most, using: &chance), radix: 16) }
                .joined(separator: ":")
        }
        func dotted() -> String {
            (0..<4).map { _ in String(Int.random(in: 0...260, using: &chance)) }.joined(separator: ".")
        }
        switch Int.random(in: 0..<6, using: &chance) {
        case 0: return dotted()
        case 1: return groups(7...9)
        case 2: return groups(0...5) + "::" + groups(0...3)
        case 3: return groups(0...7) + "::"
        case 4: return groups(5...6) + ":" + dotted()
        default: return groups(0...3) + "::" + groups(0...1) + ":" + dotted()
        }
    }

    /// SplitMix64: the same numbers in each run.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
