import Testing

@testable import supervisor

struct MemoryShortageTests {
    @Test("the kernel's count is found among its other counters, and on the machine as it is")
    func count() {
        let vmstat = "nr_free_pages 4826110\noom_kill_x 9\nnr_oom_kill 8\noom_kill 12\nnuma_hit 7\n"
        #expect(MemoryShortage.kills(in: Array(vmstat.utf8)[...]) == 12)
        #expect(MemoryShortage.kills(in: Array("nr_free_pages 4826110\n".utf8)[...]) == nil)
        #expect(MemoryShortage.kills() != nil)
    }

    @Test("a process may have been ended for want of memory when the count rose in its life, or can't be told")
    func rise() {
        #expect(!MemoryShortage.mayHaveKilled(before: 12, after: 12))
        #expect(MemoryShortage.mayHaveKilled(before: 12, after: 13))
        #expect(MemoryShortage.mayHaveKilled(before: nil, after: 12))
        #expect(MemoryShortage.mayHaveKilled(before: 12, after: nil))
    }
}
