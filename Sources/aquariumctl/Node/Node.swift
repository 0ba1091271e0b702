import IPC
import Logging
import NIOCore
import NIOPosix

/// The appliance on this node, through its sockets.
struct Node: Sendable {
    let runDirectory: String

    func socket(of agent: String) -> String { "\(runDirectory)/\(agent).sock" }

    func client(of agent: String) -> AgentClient {
        AgentClient(
            socketPath: socket(of: agent), group: MultiThreadedEventLoopGroup.singleton,
            // What the library has to say of a failure is told to the person as the failure itself.
            logger: Logger(label: "aquariumctl") { _ in SwiftLogNoOpLogHandler() })
    }

    /// - Returns: the JSON text of the result.
    /// - Throws: `Failure`.
    func call(
        _ agent: String, _ method: String, _ params: JSON, meta: Meta = Meta(),
        onProgress: (@Sendable (Progress) -> Void)? = nil
    ) async throws(Failure) -> [UInt8] {
        let client = client(of: agent)
        let result: Result<ByteBuffer, Problem>
        do {
            result = .success(
                try await client.forward(
                    method: method, params: ByteBuffer(bytes: params.bytes), meta: meta, onProgress: onProgress))
        } catch {
            result = .failure(error)
        }
        await client.close()
        switch result {
        case .success(let bytes): return Array(bytes.readableBytesView)
        case .failure(let problem): throw Failure(problem: explain(problem, agent), op: meta.op)
        }
    }

    /// What this program knows better than the library: why there was no connection, and how to allow more time.
    func explain(_ problem: Problem, _ agent: String) -> Problem {
        var problem = problem
        if problem.kind == .deadline { problem.hint = "Allow more time with --deadline SECONDS." }
        guard problem.kind == .agentUnavailable else { return problem }
        return UnixSocket.whyUnreachable(socket(of: agent)) ?? problem
    }
}

extension Node {
    /// A call whose answer is understood here.
    func call<O: Operation>(_ agent: String, _ operation: O) async throws(Failure) -> O.Response {
        let client = client(of: agent)
        let result: Result<O.Response, Problem>
        do {
            result = .success(try await client.call(operation))
        } catch {
            result = .failure(explain(error, agent))
        }
        await client.close()
        switch result {
        case .success(let answer): return answer
        case .failure(let problem): throw Failure(problem: problem)
        }
    }
}
