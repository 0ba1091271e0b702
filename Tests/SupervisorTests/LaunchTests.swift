import CLaunch
import Glibc
import Testing

@testable import supervisor

/// Children are real, and what they got is what /proc says of them.
@Suite(.enabled(if: getuid() == 0, "needs root"))
struct LaunchTests {
    private let service = Identity(uid: 64321, gid: 64322, groups: [64323, 64324], capabilities: 0)

    private func sleeper(
        _ identity: Identity? = nil, noNewPrivileges: Bool = false, umask: CInt = 0o022,
        limits: [launch_limit] = [], fds: [CInt] = [0, 1, 2]
    ) -> LaunchRequest {
        LaunchRequest(
            program: "/usr/bin/sleep", arguments: ["60"], identity: identity, noNewPrivileges: noNewPrivileges,
            umask: umask, limits: limits, fds: fds)
    }

    @Test("a child gets the ids and exactly the supplementary groups it was given")
    func identity() throws {
        let child = try TestProcess(sleeper(service))
        #expect(child.status("Uid") == "64321 64321 64321 64321")
        #expect(child.status("Gid") == "64322 64322 64322 64322")
        #expect(child.status("Groups") == "64323 64324")
    }

    @Test("a child without capabilities has none in any of the five sets, and can gain none")
    func noCapabilities() throws {
        let child = try TestProcess(sleeper(service, noNewPrivileges: true))
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            #expect(child.status(set) == "0000000000000000", "\(set)")
        }
        #expect(child.status("NoNewPrivs") == "1")
    }

    @Test("a child keeps exactly the capabilities it was given, in all five sets, across the change of user and exec")
    func someCapabilities() throws {
        let chown = UInt64(1) << 0
        let netBind = UInt64(1) << 10
        let child = try TestProcess(
            sleeper(Identity(uid: 64321, gid: 64322, groups: [], capabilities: chown | netBind)))
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            #expect(child.status(set) == "0000000000000401", "\(set)")
        }
        #expect(child.status("Groups") == "")
    }

    @Test("a child without an identity stays what the supervisor is")
    func unchanged() throws {
        let child = try TestProcess(sleeper())
        #expect(child.status("Uid") == "0 0 0 0")
        #expect(child.status("CapBnd") == TestProcess.status("CapBnd", of: getpid()))
        #expect(child.status("NoNewPrivs") == "0")
    }

    @Test("a child has the file descriptors it was given, in their order, and no other")
    func fileDescriptors() async throws {
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let null = open("/dev/null", O_RDWR)
        defer { close(null) }
        // Sources that are each other's places: a naive dup2 would overwrite one of them.
        let child = try TestProcess(sleeper(fds: [null, ends[1], ends[0], ends[1]]))
        // Until it runs, the program's loader has libraries open.
        try await eventually("it has the descriptors 0 to 3") { child.fds().keys.sorted() == [0, 1, 2, 3] }
        #expect(child.fds()[0] == "/dev/null")
        #expect(child.fds()[1] == child.fds()[3])
        #expect(child.fds()[2]?.hasPrefix("pipe:") == true)
    }

    @Test("a child gets its umask, its limits, a session of its own and its pid as LISTEN_PID")
    func surroundings() throws {
        var request = sleeper(
            umask: 0o027, limits: [launch_limit(resource: CInt(RLIMIT_NOFILE.rawValue), soft: 123, hard: 456)])
        request.environment = ["A=1", "LISTEN_PID=0000000000", "B=2"]
        let child = try TestProcess(request)
        #expect(child.status("Umask") == "0027")
        #expect(child.file("limits").contains { $0.hasPrefix("Max open files            123                  456") })
        #expect(getsid(child.pid) == child.pid)
        #expect(child.strings("environ") == ["A=1", "LISTEN_PID=\(child.pid)", "B=2"])
    }

    @Test("a child blocks and ignores no signal, whatever its parent does")
    func signals() throws {
        let before = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, before) }
        let child = try TestProcess(sleeper())
        let ignored = try #require(child.status("SigIgn").flatMap { UInt64($0, radix: 16) })
        // 32 and 33 are the C library's own, which it lets nobody set.
        #expect(ignored & ~(3 << 31) == 0)
        #expect(child.status("SigBlk") == "0000000000000000")
    }

    @Test("a child dies with the thread that launched it, also after the change of user", arguments: [true, false])
    func parentDeath(changesUser: Bool) throws {
        final class Box: @unchecked Sendable { var child: TestProcess? }
        let box = Box()
        let request = sleeper(changesUser ? service : nil)
        try onThreadThatEnds { box.child = try TestProcess(request) }
        #expect(try #require(box.child).end() == .signal(SIGKILL))
    }

    @Test("a failed launch names its step and leaves no process")
    func failures() {
        #expect(throws: LaunchFailure.step("exec", errno: ENOENT)) {
            try LaunchRequest(program: "/nonexistent", umask: 0, fds: []).launch()
        }
        #expect(throws: LaunchFailure.step("exec", errno: EACCES)) {
            try LaunchRequest(program: "/etc/passwd", umask: 0, fds: []).launch()
        }
        #expect(throws: LaunchFailure.step("setuid", errno: EINVAL)) {
            try sleeper(Identity(uid: .max, gid: 1, groups: [], capabilities: 0)).launch()
        }
        #expect(throws: LaunchFailure.step("file descriptors", errno: EBADF)) {
            try sleeper(fds: [0, 1, 2, 9999]).launch()
        }
        #expect(throws: LaunchFailure.step("ambient set", errno: EINVAL)) {
            try sleeper(Identity(uid: 1, gid: 1, groups: [], capabilities: 1 << 63)).launch()
        }
        #expect(throws: LaunchFailure.step("arguments", errno: EINVAL)) {
            try sleeper(fds: Array(repeating: 0, count: Int(LAUNCH_MAX_FDS) + 1)).launch()
        }
        #expect(throws: LaunchFailure.userUnknown("nobody-of-that-name")) {
            try Identity(.service("nobody-of-that-name", capabilities: []))
        }
    }
}
