import Testing

@testable import IPC

struct RefusalLimitTests {
    private let begin = ContinuousClock.now
    private let window = RefusalLimit.window

    @Test("what gets a line, and what is told to be left out, is all there was")
    func complete() {
        var limit = RefusalLimit()
        var told = 0
        for number in 0..<1000 where limit.mayTell(number % 2 == 0 ? "kill" : "fork", at: begin) { told += 1 }
        #expect(told == RefusalLimit.most)
        let early = limit.leftOut(at: begin + window - .milliseconds(1), isOver: false)
        #expect(early.isEmpty)
        let leftOut = limit.leftOut(at: begin + window, isOver: false)
        #expect(leftOut.map(\.call) == ["fork", "kill"] && leftOut.map(\.count) == [450, 450])
        let again = limit.leftOut(at: begin + window, isOver: true)
        #expect(again.isEmpty)
    }

    @Test("a flood of one call does not hide that there was another")
    func firstOfItsName() {
        var limit = RefusalLimit()
        for _ in 0..<500 { _ = limit.mayTell("getppid", at: begin) }
        let told = (0..<3).map { _ in limit.mayTell("openat", at: begin) }
        #expect(told == [true, false, false])
        let leftOut = limit.leftOut(at: begin, isOver: true)
        #expect(leftOut.map(\.count) == [400, 2])
    }

    @Test("after a window there are lines again")
    func again() {
        var limit = RefusalLimit()
        for _ in 0..<500 { _ = limit.mayTell("kill", at: begin) }
        _ = limit.leftOut(at: begin + window, isOver: false)
        let isTold = limit.mayTell("kill", at: begin + window)
        #expect(isTold)
    }

    @Test("when all is over nothing waits to be told")
    func over() {
        var limit = RefusalLimit()
        for _ in 0...RefusalLimit.most { _ = limit.mayTell("kill", at: begin) }
        let leftOut = limit.leftOut(at: begin, isOver: true)
        #expect(leftOut.map(\.count) == [1])
    }

    @Test("it is waited until the window's end, and for ever where there is none")
    func wait() {
        var limit = RefusalLimit()
        #expect(limit.wait(at: begin) == -1)
        _ = limit.mayTell("kill", at: begin)
        #expect(limit.wait(at: begin) == 10_000)
        #expect(limit.wait(at: begin + .microseconds(9_999_900)) == 1, "not too early")
        #expect(limit.wait(at: begin + .seconds(20)) == 0)
    }
}
