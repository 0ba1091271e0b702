import FoundationEssentials

/// /etc/aquarium/aquarium.json: what an administrator may decide before the appliance starts. Every member is
/// optional in the file; an unknown one is refused.
public struct Configuration: Codable, Sendable, Equatable {
    /// Where the page is served, `address:port`.
    public var listen: String
    /// Ceph's container image, unless the person chooses another.
    public var image: ImageReference
    /// Whether the image may be fetched from its registry; false where it is on the node already.
    public var imagePull: Bool

    public static let path = "/etc/aquarium/aquarium.json"
    public static let `default` = Configuration(
        listen: "127.0.0.1:8080", image: .example, imagePull: true)

    public init(listen: String, image: ImageReference, imagePull: Bool) {
        self.listen = listen
        self.image = image
        self.imagePull = imagePull
    }

    private struct File: Codable {
        var listen: String?
        var image: ImageReference?
        var imagePull: Bool?
    }

    /// - Returns: the default where no file is.
    /// - Throws: `Problem` with the file's name and what is wrong in it.
    public static func load(_ path: String = Self.path) throws -> Configuration {
        guard let bytes = try DurableFile<File>(path).read() else { return .default }
        do {
            try Schema.of(File.self).check(try JSONText.parse(bytes), at: "")
            let file = try WireCoding.decode(File.self, from: bytes)
            return Configuration(
                listen: file.listen ?? Self.default.listen, image: file.image ?? Self.default.image,
                imagePull: file.imagePull ?? Self.default.imagePull)
        } catch {
            let reason = (error as? Problem)?.message ?? (error as? DecodingError)?.reason ?? "not valid JSON"
            throw Problem(
                .requestInvalid, "The configuration \(path) is not usable: \(reason)", hint: "Correct or remove it.")
        }
    }
}

extension DecodingError {
    fileprivate var reason: String? {
        guard case .dataCorrupted(let context) = self else { return nil }
        return context.debugDescription
    }
}
