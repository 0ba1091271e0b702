import FoundationEssentials

/// What `wipefs` finds on a disk: partition tables, file systems, LVM, RAID, BlueStore.
enum Signatures: Sendable, Equatable {
    /// By libblkid's names, `ext4`; empty for a blank disk.
    case found([String])
    /// Nothing is known then; such a disk must not be taken for a blank one.
    case unknown(reason: String)

    /// What ceph-volume puts on a disk.
    static let ofOSDs: Set = ["ceph_bluestore", "LVM2_member"]

    static func read(_ path: String, with runner: any CommandRunner) async -> Signatures {
        do {
            let result = try await runner.run(InventoryCommand.signatures(path))
            return result.isSuccess ? parse(result.output) : .unknown(reason: result.errorOutput.trimmed)
        } catch {
            return .unknown(reason: error.words)
        }
    }

    /// wipefs prints nothing at all for a blank disk.
    static func parse(_ output: String) -> Signatures {
        struct Report: Decodable {
            struct Signature: Decodable { let type: String }
            let signatures: [Signature]
        }
        guard !output.trimmed.isEmpty else { return .found([]) }
        do {
            let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
            // A GUID table is found three times: at both ends, and as the protective old one.
            let types = report.signatures.map(\.type)
            return .found(types.enumerated().filter { types.firstIndex(of: $1) == $0 }.map(\.element))
        } catch {
            return .unknown(reason: "wipefs said something that can't be understood")
        }
    }

    /// In words that follow "has ".
    static func words(_ type: String) -> String {
        switch type {
        case "ceph_bluestore": "data of a Ceph OSD (BlueStore)"
        case "gpt", "dos", "PMBR": "a partition table (\(type))"
        case "LVM2_member": "an LVM physical volume"
        case "linux_raid_member": "a part of a RAID"
        case "crypto_LUKS": "encrypted data (LUKS)"
        case "swap": "a swap area"
        default: "a file system or other data (\(type))"
        }
    }
}
