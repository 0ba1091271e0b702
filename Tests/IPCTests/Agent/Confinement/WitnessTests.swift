import CSeccomp
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import Testing

@testable import IPC

/// What a confined process gets and what the log tells, by real processes under the real kernel (`Tests/probe`).
@Suite(.timeLimit(.minutes(1)))
struct WitnessTests {
    @Test("each call that is not allowed fails with EPERM, and the log has its name and path")
    func refused() async throws {
        let made = try await probe(
            "kill,1,0", "unlinkat,-100,/tmp/x,0", "openat,-100,/etc/hostname,0", "execve,/bin/sh,0,0", "getppid",
            "99999")
        #expect(made.results == Array(repeating: -Int(EPERM), count: 6))
        #expect(made.refused("call") == ["kill", "unlinkat", "openat", "execve", "getppid", "unknown"])
        #expect(made.refused("path") == [nil, "/tmp/x", "/etc/hostname", "/bin/sh", nil, nil])
        #expect(made.refused("number").last == "99999")
        #expect(made.status == .exited(EXIT_SUCCESS))
    }

    @Test("nothing that could answer a filter, replace it or widen it is allowed", arguments: ["gateway", "orch"])
    func filtersAreOutOfReach(filter: String) async throws {
        let listener = UInt64(1) << 3
        let questions = ["3226476800", "3222806785", "1075323139", "1074274562"]  // _RECV, _SEND, _ADDFD, _ID_VALID
        let calls =
            questions.map { "ioctl,3,\($0),0" }
            + ["seccomp,1,\(listener),0", "prctl,22,2,0", "prctl,4,0", "pidfd_open,SELF,0", "pidfd_getfd,3,3,0"]
        let made = try await probe(["--filter", filter] + calls)
        #expect(made.results == Array(repeating: -Int(EPERM), count: calls.count))
        #expect(made.refused("call").count == calls.count)
    }

    @Test("the kernel sends no signal to others in its name", arguments: ["gateway", "orch"])
    func noSignals(filter: String) async throws {
        // F_SETOWN, F_SETSIG, F_SETOWN_EX
        let made = try await probe("--filter", filter, "fcntl,0,8,1", "fcntl,0,10,9", "fcntl,0,15,0", "tgkill,1,1,9")
        #expect(made.results == Array(repeating: -Int(EPERM), count: 4))
    }

    @Test("files are opened by the one that may, to read them")
    func opened() async throws {
        let flags = [
            O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC, 0o20000000 | O_DIRECTORY /* O_TMPFILE */,
        ]
        let calls = flags.map { "openat,-100,/etc/hostname,\($0)" } + ["openat,-100,/etc/hostname,0"]
        let made = try await probe(["--filter", "orch"] + calls)
        #expect(made.results.dropLast() == Array(repeating: -Int(EPERM), count: flags.count)[...])
        #expect(try #require(made.results.last) >= 0)
        #expect(made.refused("path") == Array(repeating: "/etc/hostname", count: flags.count))
    }

    @Test("a thread's state is given to the process whose thread it is, though it may open nothing")
    func ownThread() async throws {
        let made = try await probe("openat,-100,/proc/SELF/stat,2048", "openat,-100,/proc/1/stat,2048")
        #expect(made.results.first.map { $0 > 0 } == true && made.results.last == -Int(EPERM))
        #expect(made.refused("path") == ["/proc/1/stat"])
    }

    @Test("threads that block all signals, as librados' do, are refused likewise")
    func blockedSignals() async throws {
        let made = try await probe("--block-signals", "kill,1,0", "setsid")
        #expect(made.results == [-Int(EPERM), -Int(EPERM)] && made.status == .exited(EXIT_SUCCESS))
        #expect(made.refused("call") == ["kill", "setsid"])
    }

    @Test("a process that has closed its own log does not keep its witness from telling")
    func silenced() async throws {
        let made = try await probe("close,2", "kill,1,9", "fcntl,1,4,\(O_NONBLOCK)", "setsid")
        #expect(made.refused("call") == ["kill", "setsid"])
    }

    @Test("where a refused call can't be told, the process ends")
    func untold() async throws {
        let log = try FileDescriptor.pipe()
        try log.readEnd.close()
        let ended = try await Subprocess.run(
            .path("/usr/bin/setpriv"),
            arguments: ["--no-new-privs", "env", "--ignore-signal=PIPE", try Self.program(), "--hold", "kill,1,0"],
            output: .discarded, error: .fileDescriptor(log.writeEnd, closeAfterSpawningProcess: true))
        #expect(ended.terminationStatus == .signaled(SIGKILL))
    }

    @Test("of a flood a hundred are told, and of the others how many there were")
    func flood() async throws {
        let made = try await probe("--threads", "4", "--times", "5000", "kill,1,0", "getppid")
        let leftOut = made.events.filter { $0["message"] == "left out refused system calls" }
        let counts = leftOut.compactMap { $0["count"]?.text.flatMap { Int($0) } }
        #expect(made.refused("call").count + counts.reduce(0, +) == 4 * 5000 * 2)
        #expect(Set(leftOut.compactMap { $0["call"]?.text }) == ["getppid", "kill"])
        // A hundred in a window of ten seconds, and once more the first of each name.
        #expect(made.refused("call").count >= RefusalLimit.most && made.events.count < 500)
    }

    @Test("when the witness is killed, the kernel ends the process")
    func witnessKilled() async throws {
        let ended = try await held { process, witness in kill(witness, SIGKILL) }
        #expect(ended == .signaled(SIGKILL))
    }

    @Test("when the process is killed, the witness ends")
    func processKilled() async throws {
        let ended = try await held { process, witness in
            // It shrugs off what asks processes to end.
            kill(witness, SIGTERM)
            kill(process, SIGKILL)
            try await waitUntil("it has ended") { !Self.lives(witness) }
        }
        #expect(ended == .signaled(SIGKILL))
    }

    @Test("the witness has stdio, what the kernel asks on and its process's life; nobody of its user looks into it")
    func witness() async throws {
        _ = try await held { process, witness in
            let folder = "/proc/\(witness)"
            let held = try FileManager.default.contentsOfDirectory(atPath: folder + "/fd").sorted()
            let targets = try held.dropFirst(3).map {
                try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/fd/\($0)")
            }
            #expect(held.prefix(3) == ["0", "1", "2"])
            #expect(targets.sorted() == ["anon_inode:[pidfd]", "anon_inode:seccomp notify"])
            let status = try Self.status(witness)
            #expect(status["Seccomp"] == "2" && status["NoNewPrivs"] == "1" && status["Threads"] == "1")
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
            let own = descriptors.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
            }
            #expect(!own.contains { $0.contains("seccomp") }, "the process itself has kept none: \(own)")
            kill(process, SIGKILL)
        }
    }

    @Test("where Landlock can't be applied the process does not start, and says why")
    func landlockFails() async throws {
        // The kernel takes sixteen layers of rules.
        let made = try await probe("--layers", "16", "kill,1,0", telling: false)
        #expect(made.status == .exited(EXIT_FAILURE))
        #expect(made.results.isEmpty && made.refused("call").isEmpty)
        let said = try #require(made.said.first)
        #expect(said.contains("can't be confined (landlock_restrict_self: Argument list too long)"), "\(said)")
    }

    // MARK: the probe

    private struct Made {
        /// What each call returned, in order.
        var results: [Int] = []
        var events: [JSON] = []
        /// Lines that are no events.
        var said: [String] = []
        var status: TerminationStatus

        /// That variable of each call that was told to be refused.
        func refused(_ key: String) -> [String?] {
            events.filter { $0["message"] == "refused a system call" }.map { $0[key]?.text }
        }
    }

    /// Beside the tests' own program.
    private static func program() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return own.prefix { $0 != "/" } + own.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/probe"
    }

    private func probe(_ arguments: String..., telling: Bool = true) async throws -> Made {
        try await probe(arguments, telling: telling)
    }

    private func probe(_ arguments: [String], telling: Bool = true) async throws -> Made {
        let ended = try await Subprocess.run(
            .path("/usr/bin/setpriv"), arguments: Arguments(["--no-new-privs", try Self.program()] + arguments),
            environment: .inherit.updating(["SWIFT_BACKTRACE": "enable=no"]),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        var made = Made(status: ended.terminationStatus)
        let output = ended.standardOutput
        made.results = output.split(separator: "\n").compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        for line in ended.standardError.split(separator: "\n") {
            if let event = try? JSONText.parse(Array(line.utf8)) {
                made.events.append(event)
            } else {
                made.said.append(String(line))
            }
        }
        if telling { #expect(made.said.isEmpty) }
        return made
    }

    /// What became of the probe after `body`, which is given its pid and its witness's when it is confined.
    private func held(_ body: (pid_t, pid_t) async throws -> Void) async throws -> TerminationStatus {
        try await Subprocess.run(
            .path("/usr/bin/setpriv"), arguments: Arguments(["--no-new-privs", try Self.program(), "--hold"]),
            input: .none, output: .discarded, error: .discarded
        ) { execution in
            let process = pid_t(execution.processIdentifier.value)
            defer { kill(process, SIGKILL) }
            try await waitUntil("it is confined") { try Self.witness(of: process) != nil }
            try await body(process, try #require(try Self.witness(of: process)))
        }.terminationStatus
    }

    /// Nil: it has none yet, or that does not listen yet.
    private static func witness(of process: pid_t) throws -> pid_t? {
        guard try status(process)["Seccomp"] == "2" else { return nil }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.first { pid in
            guard let status = try? status(pid) else { return false }
            return status["PPid"] == "\(process)" && status["Name"] == "witness" && status["Seccomp"] == "2"
        }
    }

    private static func status(_ pid: pid_t) throws -> [String: String] {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        return text.split(separator: "\n").reduce(into: [:]) { found, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return }
            found[String(parts[0])] = String(parts[1].drop { $0.isWhitespace })
        }
    }

    private static func lives(_ pid: pid_t) -> Bool {
        guard let state = try? status(pid)["State"]?.first else { return false }
        return state != "Z" && state != "X"
    }

    private func waitUntil(_ what: String, _ condition: () throws -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(10)
        while try !condition() {
            try #require(ContinuousClock.now < limit, "waited 10 s until \(what)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension JSON {
    fileprivate var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
