/// A container image, `[host[:port]/]path[:tag][@digest]`, in the characters that OCI's grammar allows.
public struct ImageReference: TextValue {
    public let text: String
    public static let maxLength = 255
    public static let pattern: String? = "^[A-Za-z0-9][A-Za-z0-9._:/@-]*$"
    public static var example: ImageReference { try! ImageReference("quay.io/ceph/ceph:v16.2.15") }

    public init(_ text: String) throws(InvalidValue) {
        let marks = Array("._:/@-".utf8)
        guard (1...Self.maxLength).contains(text.utf8.count), text.utf8.first?.isAlphanumeric == true,
            text.utf8.last?.isAlphanumeric == true,
            text.utf8.allSatisfy({ $0.isAlphanumeric || marks.contains($0) }), !text.contains("//"),
            !text.contains("..")
        else { throw InvalidValue("is not a container image such as \(Self.example)") }
        self.text = text
    }
}
