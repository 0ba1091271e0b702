import IPC

extension Health {
    init(_ health: CephStatus.Health) {
        let checks = health.checks
            .map { code, check in
                HealthCheck(
                    code: code, status: Status(ceph: check.severity), message: check.summary.message,
                    explanation: HealthExplanation.of(code), isMuted: check.muted ?? false)
            }
            .sorted { ($0.status.weight, $1.code) > ($1.status.weight, $0.code) }
        let status = Status(ceph: health.status)
        self.init(status: status, summary: Self.summary(status, checks.filter { !$0.isMuted }), checks: checks)
    }

    private static func summary(_ status: Status, _ checks: [HealthCheck]) -> String {
        let count = checks.count
        return switch status {
        case .ok: "The cluster is healthy."
        case .warning where count == 1: "The cluster works, but one thing needs attention: \(checks[0].message)."
        case .warning: "The cluster works, but \(count) things need attention."
        case .error where count == 1: "The cluster has a serious problem: \(checks[0].message)."
        case .error: "The cluster has serious problems: \(count) things need attention."
        }
    }
}

extension Health.Status {
    /// Of `HEALTH_OK`, `HEALTH_WARN` or `HEALTH_ERR`. What is none of them can't be called healthy.
    fileprivate init(ceph word: String) {
        self =
            switch word {
            case "HEALTH_OK": .ok
            case "HEALTH_WARN": .warning
            default: .error
            }
    }

    fileprivate var weight: Int {
        switch self {
        case .ok: 0
        case .warning: 1
        case .error: 2
        }
    }
}
