import Glibc
import IPC

/// An address that an interface has, as the kernel reports it.
struct InterfaceAddress: Sendable, Equatable {
    let interface: String
    let address: IPAddress
    let prefixLength: Int
}

extension InterfaceAddress {
    /// Those of all interfaces that are up.
    static func all() -> [InterfaceAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var addresses: [InterfaceAddress] = []
        var next = first
        while let entry = next?.pointee {
            if let address = InterfaceAddress(entry) { addresses.append(address) }
            next = entry.ifa_next
        }
        return addresses
    }

    private init?(_ entry: ifaddrs) {
        guard entry.ifa_flags & UInt32(IFF_UP) != 0, let bytes = Self.bytes(entry.ifa_addr),
            let mask = Self.bytes(entry.ifa_netmask), let address = IPAddress(bytes: bytes)
        else { return nil }
        interface = String(cString: entry.ifa_name)
        self.address = address
        prefixLength = mask.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address else { return nil }
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
        case AF_INET6: return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
        default: return nil
        }
    }
}

extension InterfaceAddress {
    private static let containerInterfaces = ["cni", "docker", "podman", "veth", "virbr"]

    /// Whether other machines can reach the node by it, as far as one can see from here.
    private var isCandidate: Bool {
        let bytes = address.bytes
        let isLoopback = address.isIPv6 ? bytes.dropLast().allSatisfy { $0 == 0 } : bytes[0] == 127
        let isLinkLocal = address.isIPv6 ? bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 : bytes[0] == 169 && bytes[1] == 254
        return !isLoopback && !isLinkLocal && !Self.containerInterfaces.contains(where: interface.hasPrefix)
    }

    private var network: Network? {
        let masked = address.bytes.enumerated().map { index, byte in
            byte & ~UInt8(truncatingIfNeeded: 0xff >> min(max(prefixLength - index * 8, 0), 8))
        }
        return IPAddress(bytes: masked).flatMap { try? Network("\($0)/\(prefixLength)") }
    }

    /// The addresses to choose from, the likeliest first: the interface with the default route, IPv4, then the order
    /// of the kernel.
    static func candidates(_ addresses: [InterfaceAddress], defaultInterface: String?) -> [NodeAddress] {
        let candidates = addresses.filter(\.isCandidate)
        func rank(_ address: InterfaceAddress) -> Int {
            (address.interface == defaultInterface ? 0 : 2) + (address.address.isIPv6 ? 1 : 0)
        }
        return candidates.enumerated()
            .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .compactMap { _, candidate in
                candidate.network.map {
                    NodeAddress(interface: candidate.interface, address: candidate.address, network: $0)
                }
            }
    }

    /// The interface of the default route with the least metric (/proc/net/route; numbers in hexadecimal but the
    /// metric).
    static func defaultInterface(in tree: FileTree) -> String? {
        let routes = tree.lines("/proc/net/route").dropFirst().compactMap { line -> (interface: Substring, metric: Int)? in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" else { return nil }
            return (fields[0], Int(fields[6]) ?? .max)
        }
        return routes.min { $0.metric < $1.metric }.map { String($0.interface) }
    }
}

extension IPAddress {
    /// From 4 or 16 bytes in network byte order.
    init?(bytes: [UInt8]) {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard bytes.count == 4 || bytes.count == 16,
            inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil,
            let address = try? IPAddress(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
        else { return nil }
        self = address
    }
}
