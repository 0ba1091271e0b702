import IPC
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import gateway

@Suite struct EventsTests {
    private static let fast = EventHub.Pace(
        whileRunning: .milliseconds(1), otherwise: .milliseconds(1), heartbeat: .seconds(60))
    private static let once = EventHub.Pace(
        whileRunning: .seconds(60), otherwise: .seconds(60), heartbeat: .seconds(60))

    @Test("a viewer gets the last of each topic at once, in the agents' own words")
    func first() async throws {
        try await Appliance.run { appliance in
            try await Client(port: appliance.port).connect { connection in
                try await connection.send(Client.request("GET", "/api/events"))
                let head = try await connection.read(until: "\r\n\r\n")
                #expect(head.contains("Content-Type: text/event-stream\r\n"))
                #expect(head.contains("Cache-Control: no-store\r\n"))
                let state = try WireCoding.encode(Schema.example(of: BootstrapState.self))
                let status = try WireCoding.encode(Schema.example(of: ClusterStatus.Response.self))
                let events = try await connection.read(until: "event: ") + connection.read(until: "event: ")
                    + connection.read(until: "\n\n")
                #expect(events.contains("bootstrap\ndata: \(String(decoding: state, as: UTF8.self))\n\n"))
                #expect(events.contains("cluster\ndata: {\"status\":\(String(decoding: status, as: UTF8.self))}\n\n"))
            }
        }
    }

    @Test("ten viewers cost one question per topic")
    func onePoll() async throws {
        try await Appliance.run(pace: Self.once) { appliance in
            await withThrowingTaskGroup { group in
                let (seen, arrive) = AsyncStream.makeStream(of: Void.self)
                for _ in 0..<10 {
                    group.addTask {
                        try await Client(port: appliance.port).connect { connection in
                            try await connection.send(Client.request("GET", "/api/events"))
                            _ = try await connection.read(until: "event: bootstrap")
                            arrive.yield()
                            _ = try? await connection.readToEnd()
                        }
                    }
                }
                var arrived = seen.makeAsyncIterator()
                for _ in 0..<10 { await arrived.next() }
                #expect(appliance.agents.calls(of: "bootstrap.status").count == 1)
                #expect(appliance.agents.calls(of: "cluster.status").count <= 1)
                group.cancelAll()
            }
        }
    }

    @Test("what has not changed is not said again; what has is")
    func changes() async throws {
        try await Appliance.run(pace: Self.fast) { appliance in
            try await Client(port: appliance.port).connect { connection in
                try await connection.send(Client.request("GET", "/api/events"))
                _ = try await connection.read(until: "event: bootstrap\n")
                while appliance.agents.calls(of: "bootstrap.status").count < 20 { await Task.yield() }
                appliance.agents.say(BootstrapState(status: .done, fraction: 1, phases: [], actions: []))
                let between = try await connection.read(until: "\"status\":\"done\"")
                #expect(between.components(of: "event: bootstrap").count == 2)
            }
        }
    }

    @Test("an agent that is away is told, not passed over")
    func problem() async throws {
        let directory = try temporaryDirectory()
        let forwarding = Forwarding(clients: [:], loop: MultiThreadedEventLoopGroup.singleton.next())
        let news = await Topic.cluster.poll(forwarding)
        #expect(String(buffer: news.event).hasPrefix(#"event: cluster"# + "\n" + #"data: {"problem":{"type":"#))
        let bootstrap = await Topic.bootstrap.poll(forwarding)
        #expect(String(buffer: bootstrap.event).hasPrefix("event: problem\ndata: {\"topic\":\"bootstrap\","))
        rmdir(directory)
    }

    @Test("nobody is asked while nobody looks on, and the next viewer sees nothing old")
    func nobody() async throws {
        let polls = Counter()
        let hub = EventHub(pace: Self.once, on: MultiThreadedEventLoopGroup.singleton.next()) { _ in
            EventHub.News(event: ByteBuffer(string: "\(polls.next())"))
        }
        #expect(polls.value == 0)
        let first = try await Self.collect(2, from: hub)
        let second = try await Self.collect(2, from: hub)
        #expect(Set(first) == ["1", "2"])
        #expect(Set(second) == ["3", "4"])
        #expect(polls.value == 4)
    }

    @Test("one viewer too many is refused until another leaves")
    func tooMany() throws {
        let hub = EventHub(pace: Self.once, on: MultiThreadedEventLoopGroup.singleton.next()) { _ in
            EventHub.News(event: ByteBuffer())
        }
        var viewers = try (0..<EventHub.maxViewers).map { _ in try hub.join() }
        #expect { try hub.join() } throws: { ($0 as? Problem)?.kind == .busy }
        viewers.removeLast()
        viewers.append(try hub.join())
        #expect(viewers.count == EventHub.maxViewers)
    }

    @Test("who comes at the end is told so, and not that there are too many")
    func closed() {
        let hub = EventHub(pace: Self.once, on: MultiThreadedEventLoopGroup.singleton.next()) { _ in
            EventHub.News(event: ByteBuffer())
        }
        hub.close()
        #expect { try hub.join() } throws: { ($0 as? Problem)?.kind == .agentUnavailable }
    }

    @Test("a viewer that is slow misses what is old, never what is newest")
    func slow() async throws {
        let polls = Counter()
        let hub = EventHub(pace: Self.fast, on: MultiThreadedEventLoopGroup.singleton.next()) { topic in
            EventHub.News(event: ByteBuffer(string: topic == .cluster ? "cluster" : "\(min(polls.next(), 200))"))
        }
        let viewer = try hub.join()
        var seen: [String] = []
        try? await viewer.follow { event in
            seen.append(String(buffer: event))
            while polls.value < 250 { await Task.yield() }
            if seen.last == "200" { throw CancellationError() }
        }
        #expect(seen.last == "200")
        #expect(seen.count < 10)
    }

    @Test("a heartbeat comes though nothing happens")
    func heartbeat() async throws {
        var pace = Self.once
        pace.heartbeat = .milliseconds(5)
        try await Appliance.run(pace: pace) { appliance in
            try await Client(port: appliance.port).connect { connection in
                try await connection.send(Client.request("GET", "/api/events"))
                _ = try await connection.read(until: ": alive\n\n")
                _ = try await connection.read(until: ": alive\n\n")
            }
        }
    }

    private static func collect(_ count: Int, from hub: EventHub) async throws -> [String] {
        let viewer = try hub.join()
        var events: [String] = []
        try? await viewer.follow { event in
            events.append(String(buffer: event))
            if events.count == count { throw CancellationError() }
        }
        return events
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

extension String {
    fileprivate func components(of separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
