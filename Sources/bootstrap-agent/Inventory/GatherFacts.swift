import FoundationEssentials

/// What is used of `cephadm gather-facts`; everything else in it may change from release to release.
struct GatherFacts: Decodable, Sendable, Equatable {
    let cpuThreads: Int?
    let memoryKB: Int64?

    private enum CodingKeys: String, CodingKey {
        case cpuThreads = "cpu_threads"
        case memoryKB = "memory_total_kb"
    }

    static func parse(_ output: String) throws -> GatherFacts {
        try JSONDecoder().decode(GatherFacts.self, from: Data(output.utf8))
    }
}
