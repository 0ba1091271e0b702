import CSeccomp
import Glibc
import Logging

@testable import IPC

/// The services of whose filters one is tried.
enum ConfinedService: String { case gateway, orch }

struct ProbeOptions: ProgramOptions {
    var filter = ConfinedService.gateway
    var times = 1
    var threads = 1
    var layers = 0
    var blockSignals = false
    var hold = false
    var calls: [String] = []

    static var all: [ProgramOption<Self>] {
        [
            number("times", "How often each call is made.", \.times),
            number("threads", "How many threads make them.", \.threads),
            number("layers", "How often Landlock's rules are applied besides.", \.layers),
            .flag("block-signals", "Block all signals first, as librados' threads do.", \.blockSignals),
            .flag("hold", "Then wait to be killed, for at most 30 s.", \.hold),
            ProgramOption(name: "filter", value: "SERVICE", about: "The one whose filter it gets.") {
                $0.filter = ConfinedService(rawValue: $1)!
            } shown: {
                $0.filter.rawValue
            },
        ]
    }

    private static func number(
        _ name: String, _ about: String, _ place: WritableKeyPath<Self, Int>
    ) -> ProgramOption<Self> {
        ProgramOption(name: name, value: "N", about: about) { (options, text) throws(UsageError) in
            guard let number = Int(text) else { throw UsageError("\(text) is no number.") }
            options[keyPath: place] = number
        } shown: {
            "\($0[keyPath: place])"
        }
    }

    mutating func take(_ word: String) { calls.append(word) }
}

/// A process that is confined as a service is, and then does what one would who has taken it over: system calls of the
/// caller's choice.
@main struct Probe: ConfinedProgram {
    static let name = "probe"
    static let about = "Makes each NAME,ARGUMENT,… An argument is a number, or else a string; SELF is the process's id."
    private let options: ProbeOptions

    init(_ options: ProbeOptions) { self.options = options }

    var leastLogLevel: Logger.Level { .debug }
    var confinement: Confinement {
        Confinement(
            readable: Confinement.files(config: "/etc/hostname") + ["/etc", "/lib", "/usr/lib"], mayConnect: false,
            systemCalls: options.filter == .gateway ? .gateway : .orchAgent)
    }

    func run() async throws {
        let calls = try options.calls.map(SystemCall.init)
        for _ in 0..<options.layers { try confinement.confineFiles(Logger(label: "probe")) }
        try confinement.confineSystemCalls(Logger(label: "probe"))
        await withTaskGroup { group in
            for number in 0..<options.threads { group.addTask { make(calls, telling: number == 0) } }
        }
        if options.hold { sleep(30) }
        _exit(EXIT_SUCCESS)
    }

    private func make(_ calls: [SystemCall], telling: Bool) {
        var all = sigset_t()
        sigfillset(&all)
        if options.blockSignals { pthread_sigmask(SIG_BLOCK, &all, nil) }
        for call in calls {
            var result = 0
            for _ in 0..<options.times { result = call.make() }
            let line = "\(call.name) \(result)\n"
            if telling { _ = write(STDOUT_FILENO, line, line.utf8.count) }
        }
    }
}

struct SystemCall: @unchecked Sendable {
    let name: String
    private let number: Int
    private let arguments: [Int]

    /// syscall(2) has no fixed number of arguments, so Swift does not know it; it takes six for every call.
    private static let make: @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int = unsafeBitCast(
        dlsym(nil, "syscall"), to: (@convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int).self)

    init(_ text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        name = parts[0]
        number = Int(Int(name) ?? Int(seccomp_syscall_resolve_name(name)))
        guard number >= 0 else { throw UsageError("\(name) is no system call.") }
        let given = parts.dropFirst().map { part -> Int in
            let text = part.split(separator: "SELF", omittingEmptySubsequences: false).joined(separator: "\(getpid())")
            return Int(text) ?? Int(bitPattern: strdup(text))
        }
        arguments = given + Array(repeating: 0, count: 6 - given.count)
    }

    /// What the kernel returned: a negative errno if it failed.
    func make() -> Int {
        let result = Self.make(
            number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
        return result == -1 ? -Int(errno) : result
    }
}
