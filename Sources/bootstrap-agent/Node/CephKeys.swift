/// The secret keys of Ceph's users, which programs may quote in what they say.
enum CephKeys {
    /// A text that people are to see, with no key in it. To be used before a text is cut: half a key is not recognised.
    static func hidden(in text: some StringProtocol) -> String {
        String(text).replacing(/A[Qg][A-Za-z0-9+\/]{36,58}={1,2}/, with: "<key>")
    }
}
