/// A container image, `[host[:port]/]path[:tag][@digest]`, in the characters that OCI's grammar allows.
public struct ImageReference: PatternedText {
    public let text: String
    public static let form = TextForm(
        "^(?!.*(?:[.]{2}|/{2}))[A-Za-z0-9](?:[A-Za-z0-9._:/@-]*[A-Za-z0-9])?$", maxLength: 255)
    public static var example: ImageReference { try! ImageReference("quay.io/ceph/ceph:v16.2.15") }

    public init(_ text: String) throws(InvalidValue) {
        guard Self.form.matches(text) else {
            throw InvalidValue("is not a container image such as \(Self.example)")
        }
        self.text = text
    }
}
