import Testing

@testable import orch_agent

@Suite struct AnswerTests {
    @Test("All who wait get the value, and so does who comes later")
    func everybody() async {
        let answer = Answer<Int>()
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { await answer.value(until: .now + .seconds(60)) } }
            answer.fulfil(7)
            for await value in group { #expect(value == 7) }
        }
        #expect(await answer.value(until: .now + .seconds(60)) == 7)
        #expect(await answer.value(until: .now - .seconds(1)) == 7)
    }

    @Test("Who waits until its deadline gets nothing, and the others are not affected")
    func deadline() async {
        let answer = Answer<Int>()
        async let patient = answer.value(until: .now + .seconds(60))
        #expect(await answer.value(until: .now) == nil)
        answer.fulfil(1)
        #expect(await patient == 1)
    }

    @Test("A cancelled task stops waiting")
    func cancelled() async {
        let answer = Answer<Int>()
        let task = Task { await answer.value(until: .now + .seconds(60)) }
        task.cancel()
        #expect(await task.value == nil)
    }
}
