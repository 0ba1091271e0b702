import FoundationEssentials
import Testing

@testable import IPC

@Suite struct OperationLedgerTests {
    private static let op = try! OperationKey("key-one-1")
    private static func key(_ text: String) -> OperationKey { try! OperationKey(text) }
    private static let busy = Problem(.busy, "Not now.")

    private static func time(_ hours: Double) -> Timestamp {
        Timestamp(Timestamp.example.date.addingTimeInterval(hours * 3600))
    }

    private static func begin(
        _ ledger: inout OperationLedger, _ op: OperationKey = op, _ method: String = "echo.add",
        _ params: String = "{}",
        at hours: Double = 0
    ) -> OperationLedger.Decision {
        ledger.begin(op, method, params: params, at: time(hours))
    }

    private static func kind(_ decision: OperationLedger.Decision) -> Problem.Kind? {
        guard case .answer(.failure(let problem)) = decision else { return nil }
        return problem.kind
    }

    @Test("a key is run once, joined while it runs, and answered with its outcome afterwards")
    func once() {
        var ledger = OperationLedger()
        #expect(Self.begin(&ledger) == .run)
        #expect(Self.begin(&ledger) == .join)
        ledger.end(Self.op, .success(Array("7".utf8)), at: Self.time(0))
        #expect(Self.begin(&ledger) == .answer(.success(Array("7".utf8))))
    }

    @Test("a failure is an outcome like any other: asked again, it is not tried again")
    func failure() {
        var ledger = OperationLedger()
        _ = Self.begin(&ledger)
        ledger.end(Self.op, .failure(Self.busy), at: Self.time(0))
        #expect(Self.begin(&ledger) == .answer(.failure(Self.busy)))
    }

    @Test("a failure that may pass is told again as one that does not under this key")
    func retryable() throws {
        var ledger = OperationLedger()
        _ = Self.begin(&ledger)
        ledger.end(Self.op, .failure(Problem(.busy, "Not now.", hint: "Later.", retryable: true)), at: Self.time(0))
        guard case .answer(.failure(let problem)) = Self.begin(&ledger) else { return #expect(Bool(false)) }
        #expect(problem.kind == .busy && !problem.retryable && problem.message == "Not now.")
        #expect(problem.hint?.hasPrefix("Later. ") == true && problem.hint?.contains("a new key") == true)
    }

    @Test("the same key for another method or other parameters is refused")
    func conflict() {
        var ledger = OperationLedger()
        _ = Self.begin(&ledger)
        #expect(Self.kind(Self.begin(&ledger, Self.op, "echo.other")) == .opConflict)
        #expect(Self.kind(Self.begin(&ledger, Self.op, "echo.add", #"{"n":2}"#)) == .opConflict)
        let other = Self.key("key-two-2")
        #expect(Self.begin(&ledger, other, "echo.add", "{\"t\":\"\u{e9}\"}") == .run)
        #expect(Self.kind(Self.begin(&ledger, other, "echo.add", "{\"t\":\"e\u{301}\"}")) == .opConflict)
    }

    @Test("what had not ended with its process is neither run again nor called done")
    func interrupted() throws {
        var ledger = OperationLedger()
        _ = Self.begin(&ledger)
        var stored = try WireCoding.decode(OperationLedger.self, from: WireCoding.encode(ledger))
        #expect(stored == ledger)
        stored.interruptAll(at: Self.time(1))
        #expect(Self.kind(Self.begin(&stored, at: 1)) == .opInterrupted)
    }

    @Test("what can be gone on with is resumed by the first who asks, and joined by the others")
    func resumed() {
        var ledger = OperationLedger()
        _ = Self.begin(&ledger)
        ledger.interruptAll(at: Self.time(1))
        func again() -> OperationLedger.Decision {
            ledger.begin(Self.op, "echo.add", params: "{}", canResume: true, at: Self.time(1))
        }
        #expect(again() == .resume)
        #expect(again() == .join)
        ledger.interrupt(Self.op, at: Self.time(1))
        #expect(again() == .resume)
        ledger.end(Self.op, .success(Array("7".utf8)), at: Self.time(1))
        #expect(again() == .answer(.success(Array("7".utf8))))
    }

    @Test("a key is remembered for 24 hours from its end, and for as long as it runs")
    func memory() {
        var ledger = OperationLedger()
        _ = Self.begin(&ledger)
        #expect(Self.begin(&ledger, Self.key("key-two-2"), at: 100) == .run)
        #expect(Self.begin(&ledger, at: 100) == .join)
        ledger.end(Self.op, .failure(Self.busy), at: Self.time(100))
        #expect(Self.begin(&ledger, Self.key("key-three"), at: 123) == .run)
        #expect(Self.begin(&ledger, at: 123) == .answer(.failure(Self.busy)))
        #expect(Self.begin(&ledger, Self.key("key-four4"), at: 125) == .run)
        #expect(Self.begin(&ledger, at: 125) == .run)
    }

    @Test("no more keys than can be stored; those that are known are still answered")
    func capacity() {
        var ledger = OperationLedger()
        for number in 0..<OperationLedger.capacity {
            _ = Self.begin(&ledger, Self.key("key-\(number)-of-many"))
        }
        #expect(Self.kind(Self.begin(&ledger, Self.key("one-too-many"))) == .busy)
        #expect(Self.begin(&ledger, Self.key("key-7-of-many")) == .join)
    }
}
