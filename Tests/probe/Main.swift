import ArgumentParser
import CSeccomp
import Glibc
import Logging

@testable import IPC

extension ConfinedService: ExpressibleByArgument {}

/// The services of whose filters one is tried.
enum ConfinedService: String { case gateway, orch }

/// A process that is confined as a service is, and then does what one would who has taken it over: system calls of the
/// caller's choice.
@main struct Probe: ConfinedCommand {
    static let component = "probe"

    @Option(help: "The service whose filter it gets.") var filter = ConfinedService.gateway
    @Option(help: "How often each call is made.") var times = 1
    @Option(help: "How many threads make them.") var threads = 1
    @Option(help: "How often Landlock's rules are applied besides.") var layers = 0
    @Flag(help: "Block all signals first, as librados' threads do.") var blockSignals = false
    @Flag(help: "Then wait to be killed, for at most 30 s.") var hold = false
    @Argument(help: "NAME,ARGUMENT,… An argument is a number, or else a string; SELF is the process's id.")
    var calls: [String] = []

    var leastLogLevel: Logger.Level { .debug }
    var confinement: Confinement {
        Confinement(
            readable: Confinement.files(config: "/etc/hostname") + ["/etc", "/lib", "/usr/lib"], mayConnect: false,
            systemCalls: filter == .gateway ? .gateway : .orchAgent)
    }

    func run() async throws {
        let calls = try calls.map(SystemCall.init)
        for _ in 0..<layers { try confinement.confineFiles(Logger(label: "probe")) }
        try confinement.confineSystemCalls(Logger(label: "probe"))
        await withTaskGroup { group in
            for number in 0..<threads { group.addTask { make(calls, telling: number == 0) } }
        }
        if hold { sleep(30) }
        _exit(EXIT_SUCCESS)
    }

    private func make(_ calls: [SystemCall], telling: Bool) {
        var all = sigset_t()
        sigfillset(&all)
        if blockSignals { pthread_sigmask(SIG_BLOCK, &all, nil) }
        for call in calls {
            var result = 0
            for _ in 0..<times { result = call.make() }
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
        guard number >= 0 else { throw ValidationError("\(name) is no system call.") }
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
