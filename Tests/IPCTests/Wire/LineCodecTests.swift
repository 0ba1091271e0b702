import NIOCore
import Testing

@testable import IPC

@Suite struct LineCodecTests {
    @Test("lines come out the same wherever the stream is cut", arguments: 1...12)
    func anyCut(size: Int) throws {
        var codec = LineCodec(maxLength: 100)
        var lines: [String] = []
        let text = Array("one\r\n\n\ntwo\nthree four\r\n\r\nrest".utf8)
        for start in stride(from: 0, to: text.count, by: size) {
            var chunk = ByteBuffer(bytes: text[start..<min(start + size, text.count)])
            codec.append(&chunk)
            while let line = try codec.next() { lines.append(String(buffer: line)) }
        }
        #expect(lines == ["one", "two", "three four"])
        #expect(codec.rest().map { String(buffer: $0) } == "rest")
        #expect(codec.rest() == nil)
        #expect(try codec.next() == nil)
    }

    @Test("a line as long as allowed passes; one byte more is refused, ended or not")
    func limit() throws {
        var codec = LineCodec(maxLength: 4)
        var exact = ByteBuffer(string: "1234\n")
        codec.append(&exact)
        #expect(try codec.next().map { String(buffer: $0) } == "1234")
        for text in ["12345\n", "12345"] {
            var codec = LineCodec(maxLength: 4)
            var bytes = ByteBuffer(string: text)
            codec.append(&bytes)
            #expect(throws: LineCodec.TooLong.self) { try codec.next() }
        }
    }

    @Test("what was read is given back, also when lines never end with the packets")
    func bounded() throws {
        var codec = LineCodec(maxLength: 1 << 20)
        let chunk = String(repeating: "x", count: 50_000) + "\n" + String(repeating: "y", count: 10_000)
        for _ in 0..<200 {
            var bytes = ByteBuffer(string: chunk)
            codec.append(&bytes)
            while try codec.next() != nil {}
        }
        #expect(codec.capacity < 1 << 20)
    }
}
