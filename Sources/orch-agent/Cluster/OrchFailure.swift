import Glibc
import IPC

/// Why the orch-agent has no answer.
enum OrchFailure: Error, Equatable {
    /// There is no cluster yet, or no longer.
    case absent
    /// librados could not connect.
    case notConnected(RadosError)
    /// The call that was sent to `target` has not been answered for this long.
    case silent(Target, for: Duration)
    /// So many calls to `target` are unanswered that no further one is sent.
    case stuck(Target, calls: Int)
    /// Every thread of the agent is in a call.
    case noThread
    /// The daemon answered with an error.
    case refused(command: String, RadosError)
    /// The daemon answered something that this agent does not understand.
    case notUnderstood(command: String, detail: String)
    case cancelled
}

extension OrchFailure {
    /// For a daemon that does not answer: what is wrong with it, for a person. Nil for every other failure.
    var silence: String? {
        switch self {
        case .silent(let target, let time): "\(target.words) not answered for \(Self.seconds(time)) s."
        case .stuck(let target, let calls): "\(target.words) left \(calls) questions unanswered."
        case .absent, .notConnected, .noThread, .refused, .notUnderstood, .cancelled: nil
        }
    }

    private static func seconds(_ time: Duration) -> Int64 {
        max(1, time.components.seconds)
    }

    /// At the agent's edge. `notUnderstood` stays itself: the server logs it as a bug under an incident id.
    var atTheEdge: any Error {
        switch self {
        case .absent:
            Problem(.clusterAbsent, "There is no cluster on this node yet.", hint: "Bootstrap a cluster first.")
        case .notConnected(let error): Self.connectingFailed(error)
        case .silent(let target, _), .stuck(let target, _): Self.unanswered(target, silence ?? "")
        case .noThread:
            Problem(
                .busy, "Every thread of the orch-agent waits for Ceph.",
                hint: "Try again. If it stays so, restart the agent: supervisor.restart with the name orch.",
                retryable: true)
        case .refused(let command, let error):
            Problem(
                .clusterRefused, "Ceph refused \"\(command)\": \(error.reason)",
                hint: "The cluster's log may tell more: cluster.log.")
        case .notUnderstood: self
        case .cancelled: CancellationError()
        }
    }

    private static func unanswered(_ target: Target, _ reason: String) -> Problem {
        switch target {
        case .mon:
            Problem(.clusterUnreachable, reason, hint: monitorsHint, retryable: true)
        case .mgr:
            Problem(
                .mgrUnavailable, reason + " Nothing it said earlier is known.",
                hint: "It may be restarting: try again in a minute. cluster.status tells what the monitors know.",
                retryable: true)
        }
    }

    private static func connectingFailed(_ error: RadosError) -> Problem {
        let message = "Connecting to the cluster failed: \(error.call): \(error.reason)."
        return switch error.code {
        case EACCES, EPERM:
            Problem(
                .clusterRefused, message,
                hint:
                    "The cluster does not know the key of client.aquarium. Was it removed, or is this another cluster?")
        case ETIMEDOUT: Problem(.clusterUnreachable, message, hint: monitorsHint, retryable: true)
        default:
            Problem(
                .clusterUnreachable, message,
                hint: "Check ceph.conf and ceph.client.aquarium.keyring in the orch-agent's state folder: "
                    + "they are damaged or can't be read.")
        }
    }

    private static let monitorsHint =
        "Check that the node that runs the monitor is up, its network works and its ceph-mon runs."
}

extension Target {
    fileprivate var words: String {
        switch self {
        case .mon: "The monitors have"
        case .mgr: "The manager daemon (mgr) has"
        }
    }
}
