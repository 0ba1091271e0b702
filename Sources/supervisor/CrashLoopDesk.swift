import Glibc
import IPC
import NIOCore

/// Answers whoever connects to a child that is in its crash loop, in the child's place, so that nobody waits for a
/// process that may never come. It accepts only when asked to, which is to be only while no process of the child
/// lives: else it would take what is that one's.
struct CrashLoopDesk {
    /// More connections than these at once, and the oldest has to go: nobody may use up the supervisor.
    static let most = 16

    /// What the child's clients speak.
    enum Language {
        case lines(ContractDescription)
        case http
    }

    private let listener: CInt
    /// What each conversation in lines begins as: who may have one is looked up once. Nil: they are in HTTP.
    private let standIn: StandIn?
    /// The oldest first.
    private var clients: [DeskClient] = []

    init(listener: CInt, language: Language) {
        self.listener = listener
        switch language {
        case .lines(let contract): standIn = StandIn(for: contract)
        case .http: standIn = nil
        }
    }

    /// What to wait for while it is open.
    var readable: [CInt] { [listener] + clients.filter { !$0.hasToSend }.map(\.descriptor) }
    var writable: [CInt] { clients.filter(\.hasToSend).map(\.descriptor) }

    /// Serves what has become ready.
    /// - Parameter problem: what a client is answered, whether it is root or somebody who may not read logs.
    mutating func serve(_ ready: Set<CInt>, _ problem: (_ isRoot: Bool) -> Problem) {
        guard !ready.isDisjoint(with: readable + writable) else { return }
        if ready.contains(listener) { accept() }
        // A client that has just come may have said all it has to say: it is looked at at once.
        for index in clients.indices.reversed() where !clients[index].converse(problem(clients[index].isRoot)) {
            Glibc.close(clients.remove(at: index).descriptor)
        }
    }

    /// Lets everybody go: the child is launched again.
    mutating func close() {
        for client in clients { Glibc.close(client.descriptor) }
        clients = []
    }

    private mutating func accept() {
        for _ in 0..<Self.most {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            guard let isRoot = admit(descriptor) else {
                Glibc.close(descriptor)
                continue
            }
            if clients.count == Self.most { Glibc.close(clients.removeFirst().descriptor) }
            clients.append(DeskClient(descriptor: descriptor, isRoot: isRoot, standIn: standIn))
        }
    }

    /// - Returns: whether it is root; nil for one that was refused.
    private func admit(_ descriptor: CInt) -> Bool? {
        guard let standIn else { return false }
        switch standIn.admit(descriptor) {
        case .admitted(let peer): return peer.class == .root
        case .refused(let line):
            // A new connection has room for a line.
            _ = line.withUnsafeReadableBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            return nil
        }
    }
}
