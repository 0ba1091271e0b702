import Glibc
import IPC
import NIOHTTP1

/// Refuses requests that were meant for another name: a page from elsewhere whose name was made to point here (DNS
/// rebinding) would otherwise count as our own.
enum HostCheck {
    static func admit(_ request: Request) throws(Problem) {
        guard let authority = request.authority else {
            throw Problem(.requestInvalid, "The request names no host, or several.", hint: "Send one Host header.")
        }
        let host = host(of: authority)
        guard !isOurs(host, nodeName: nodeName) else { return }
        throw Problem(
            .forbidden, "This appliance is not known as \(host.prefix(100)).",
            hint: "Open it by its address, or by its own host name.")
    }

    /// - Parameter nodeName: asked for at each request, because setting up the node may change it.
    static func isOurs(_ host: String, nodeName: @autoclosure () -> String) -> Bool {
        if host == "localhost" || (try? IPAddress(host)) != nil { return true }
        let name = nodeName().lowercased()
        return host == name || host == name + ".local"
    }

    /// `[::1]:8080` → `::1`, `Storage1:8080` → `storage1`.
    static func host(of authority: String) -> String {
        let bytes = authority.utf8
        let end = bytes.lastIndex(of: UInt8(ascii: ":")).flatMap { colon in
            bytes[colon...].dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? colon : nil
        }
        return authority[..<(end ?? bytes.endIndex)].trimmingBrackets.lowercased()
    }

    private static var nodeName: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            gethostname(buffer.baseAddress!, buffer.count - 1) == 0 ? String(cString: buffer.baseAddress!) : ""
        }
    }
}

/// Refuses changes that another site's page asks for. Requiring JSON makes a browser ask first (CORS), which nobody
/// answers here.
enum OriginCheck {
    static func admit(_ request: Request) throws(Problem) {
        guard request.method == .POST else { return }
        if let origin = request.headers.first(name: "origin"), !isSame(origin, request.authority ?? "") {
            throw Problem(
                .forbidden, "This was asked for by a page of \(origin.prefix(100)), not by the appliance's own.")
        }
        guard isJSON(request.headers.first(name: "content-type") ?? "") else {
            throw Problem(
                .contentTypeUnsupported, "The body must be JSON.", hint: "Send Content-Type: application/json.")
        }
    }

    static func isSame(_ origin: String, _ authority: String) -> Bool {
        guard let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == authority.lowercased()
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" && $0 != " " }
        return type.lowercased() == "application/json"
    }
}

extension StringProtocol {
    /// An IPv6 address stands in brackets in addresses with a port.
    var trimmingBrackets: String {
        utf8.first == UInt8(ascii: "[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
    }
}
