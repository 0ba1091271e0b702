import Testing

@testable import aquariumctl

@Suite struct QuantityTests {
    @Test(
        "bytes are told in the largest unit of which there is one",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (-2048, "-2.0 KiB"),
            (8_589_934_592, "8.0 GiB"), (Int64.max, "8.0 EiB"),
        ] as [(Int64, String)])
    func bytes(count: Int64, text: String) {
        #expect(Quantity.bytes(count) == text)
    }

    @Test("only the member's name says that a number counts bytes")
    func names() {
        #expect(Quantity.isBytes("size_bytes") && Quantity.isBytes("read_bytes_per_second"))
        #expect(!Quantity.isBytes("pid") && !Quantity.isBytes("bytes"))
    }

    @Test("what is no time stays as it is")
    func time() {
        #expect(Quantity.time("2026-11-18T11:06:40.123Z") == "2026-11-18 11:06:40Z")
        #expect(Quantity.time("soon") == "soon")
    }
}
