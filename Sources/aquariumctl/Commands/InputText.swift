import ArgumentParser
import Glibc
import IPC

/// What stands for a text on the command line: the text itself, `@FILE`, or `-` for standard input.
struct InputText {
    /// As much as a request may have.
    private static let maxLength = 1 << 20

    /// - Throws: `ValidationError`, naming `option`.
    func json(_ argument: String, of option: String) throws -> JSON {
        do {
            return try JSON(text: bytes(argument))
        } catch let problem as Problem {
            throw ValidationError("\(option): \(problem.message)")
        } catch let error as Unreadable {
            throw ValidationError("\(option): \(error.reason)")
        }
    }

    private func bytes(_ argument: String) throws -> [UInt8] {
        if argument == "-" { return try Self.read("/dev/stdin", "standard input") }
        guard argument.hasPrefix("@") else { return Array(argument.utf8) }
        let path = String(argument.dropFirst())
        return try Self.read(path, path)
    }

    private struct Unreadable: Error { let reason: String }

    private static func read(_ path: String, _ name: String) throws -> [UInt8] {
        guard let file = fopen(path, "re") else {
            throw Unreadable(reason: "\(name) can't be read: \(String(cString: strerror(errno))).")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maxLength + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else {
            throw Unreadable(reason: "\(name) can't be read: \(String(cString: strerror(errno))).")
        }
        guard count <= maxLength else { throw Unreadable(reason: "\(name) is larger than a request may be (1 MiB).") }
        return Array(bytes[..<count])
    }
}
