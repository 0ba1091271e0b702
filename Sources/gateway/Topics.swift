import IPC
import NIOCore

extension Topic {
    private static let limit = TimeAmount.seconds(10)

    /// Asks the agent, and puts what it says into an event.
    func poll(_ forwarding: Forwarding) async -> EventHub.News {
        let meta = Meta(request: "events-\(rawValue)")
        do {
            switch self {
            case .bootstrap:
                let state = try await forwarding.ask(
                    Bootstrap.contract.description.name, BootstrapStatus.about, meta, within: Self.limit)
                return EventHub.News(event: Self.event(rawValue, state), isRunning: Self.isRunning(state))
            case .cluster:
                let status = try await forwarding.ask(
                    Orch.contract.description.name, ClusterStatus.about, meta, within: Self.limit)
                return EventHub.News(event: Self.event(rawValue, status, as: "status"))
            }
        } catch {
            return EventHub.News(event: Self.event(problem: error as? Problem ?? .cancelled, self))
        }
    }

    private static func event(problem: Problem, _ topic: Topic) -> ByteBuffer {
        let document = problem.document(problem.kind.status)
        switch topic {
        // The data of this event is the state and nothing else, so a problem has an event of its own.
        case .bootstrap:
            return event("problem", ByteBuffer(bytes: (["topic": "bootstrap", "problem": document] as JSON).bytes))
        case .cluster: return event("cluster", ByteBuffer(bytes: document.bytes), as: "problem")
        }
    }

    private static func event(_ name: String, _ data: ByteBuffer, as member: String? = nil) -> ByteBuffer {
        var event = ByteBuffer(string: "event: \(name)\ndata: ")
        if let member { event.writeString("{\"\(member)\":") }
        event.writeImmutableBuffer(data)
        event.writeString(member == nil ? "\n\n" : "}\n\n")
        return event
    }

    private static func isRunning(_ state: ByteBuffer) -> Bool {
        struct Peek: Decodable { let status: BootstrapState.Status }
        switch (try? WireCoding.decode(Peek.self, from: state.readableBytesView))?.status {
        case .running, .cleaning: return true
        case .none?, .done, .failed, nil: return false
        }
    }
}
