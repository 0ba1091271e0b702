import HTTPTypes
import HummingbirdCore

/// What tells a browser to trust nothing but what came from here. On every answer.
enum SecurityHeaders {
    private static let fixed: HTTPFields = [
        .contentSecurityPolicy: """
            default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'
            """,
        .xContentTypeOptions: "nosniff",
        .crossOriginResourcePolicy: "same-origin",
        HTTPField.Name("Cross-Origin-Opener-Policy")!: "same-origin",
        HTTPField.Name("Permissions-Policy")!: "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        HTTPField.Name("Referrer-Policy")!: "no-referrer",
        HTTPField.Name("X-Frame-Options")!: "DENY",
    ]

    static func add(to response: inout Response, for request: Request) {
        response.headers.append(contentsOf: fixed)
        // What the API says is true when it is said, and may be secret.
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    }
}
