import Testing

@testable import supervisor

struct LineSplitterTests {
    @Test("a line of any length costs a bounded amount of memory, and bytes that are no text do no harm")
    func bounds() {
        var splitter = LineSplitter()
        let pieces = splitter.split(Array(repeating: UInt8(ascii: "a"), count: LineSplitter.longest * 2 + 5) + [10])
        #expect(pieces.map(\.count) == [LineSplitter.longest, LineSplitter.longest, 5])
        #expect(splitter.split([0xff, 0xfe, 10]) == [[0xff, 0xfe]])
    }
}
