import Glibc

/// A librados call that failed.
struct RadosError: Error, Equatable {
    let call: String
    /// An errno. librados answers some failures by its positive and some by its negative value.
    let code: CInt
    /// What the daemon said, if anything.
    let text: String

    static func check(_ call: String, _ result: CInt) throws(RadosError) {
        guard result == 0 else { throw RadosError(call: call, code: abs(result), text: "") }
    }

    /// One line for a person: a Python traceback of an mgr module is reduced to its last line, the exception.
    var reason: String {
        let lines = text.split(whereSeparator: \.isNewline)
        return (lines.last { !$0.allSatisfy(\.isWhitespace) }).map { String($0.prefix(300)) }
            ?? String(cString: strerror(code))
    }
}

/// Who carries a command out.
enum Target: String, Sendable {
    case mon, mgr
}

/// A way to send Ceph commands that blocks until the answer is there.
protocol CommandChannel: Sendable {
    /// - Parameter command: the command and its arguments as one JSON object.
    func send(_ command: [UInt8], to target: Target) throws(RadosError) -> [UInt8]
}
