import IPC

/// `ceph status`. The monitors answer it; `pgmap` is what the mgr last told them.
struct CephStatus: CephCommand {
    static let prefix = "status"
    static let target = Target.mon

    struct Output: Decodable, Sendable {
        var fsid: String
        var health: Health
        var quorumNames: [String]
        var monmap: MonMap
        var osdmap: OSDMap
        var pgmap: PGMap
        var fsmap: FSMap?
        var mgrmap: MgrMap
    }

    struct Health: Decodable, Sendable {
        var status: String
        /// By code, e.g. `OSD_DOWN`.
        var checks: [String: Check]
    }

    struct Check: Decodable, Sendable {
        var severity: String
        var summary: Summary
        var muted: Bool?
    }

    struct Summary: Decodable, Sendable {
        var message: String
    }

    struct MonMap: Decodable, Sendable {
        var numMons: Int
    }

    struct OSDMap: Decodable, Sendable {
        var numOsds: Int
        var numUpOsds: Int
        var numInOsds: Int
    }

    /// Sizes in bytes. Rates are left out while they are zero.
    struct PGMap: Decodable, Sendable {
        var pgsByState: [PGState]?
        var bytesTotal: Int64?
        var bytesUsed: Int64?
        var bytesAvail: Int64?
        var readBytesSec: Int64?
        var writeBytesSec: Int64?
        var readOpPerSec: Int64?
        var writeOpPerSec: Int64?
    }

    struct PGState: Decodable, Sendable {
        var stateName: String
        var count: Int
    }

    struct FSMap: Decodable, Sendable {
        var up: Int?
        var max: Int?
        var upStandby: Int?

        private enum CodingKeys: String, CodingKey {
            case up, max
            case upStandby = "up:standby"
        }
    }

    struct MgrMap: Decodable, Sendable {
        var available: Bool
        var numStandbys: Int?
    }
}

/// `ceph mgr stat`: who the active mgr is.
struct MgrStat: CephCommand {
    static let prefix = "mgr stat"
    static let target = Target.mon

    struct Output: Decodable, Sendable {
        /// Empty when there is none.
        var activeName: String?
    }
}

/// `ceph versions`: per type of daemon and `overall`, how many daemons run which version.
struct Versions: CephCommand {
    static let prefix = "versions"
    static let target = Target.mon

    typealias Output = [String: [String: Int]]
}

/// `ceph osd dump`: the OSDs' states.
struct OSDDump: CephCommand {
    static let prefix = "osd dump"
    static let target = Target.mon

    struct Output: Decodable, Sendable {
        var osds: [OSDState]
    }

    struct OSDState: Decodable, Sendable {
        var osd: Int
        /// 0 or 1, as is `in`.
        var up: Int
        var `in`: Int
    }
}

/// `ceph log last`: the newest entries of one channel, oldest first.
struct LogLast: CephCommand {
    static let prefix = "log last"
    static let target = Target.mon

    enum Channel: String, Sendable { case cluster, cephadm }

    let count: Int
    let channel: Channel

    var arguments: [(String, JSON?)] {
        [("num", .integer(Int64(count))), ("level", "info"), ("channel", .string(channel.rawValue))]
    }

    typealias Output = [Entry]

    struct Entry: Decodable, Sendable {
        var name: String
        /// E.g. `2026-11-22T15:49:29.856478+0000`.
        var stamp: Timestamp
        var channel: String
        /// `[INF]`, `[WRN]`, `[ERR]`, `[SEC]` or `[DBG]`.
        var priority: String
        var message: String
    }
}
