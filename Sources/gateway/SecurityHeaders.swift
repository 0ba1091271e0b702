import NIOHTTP1

/// What tells a browser to trust nothing but what came from here. On every answer.
enum SecurityHeaders {
    private static let fixed: HTTPHeaders = [
        "Content-Security-Policy": """
            default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'
            """,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    ]

    static func add(to response: inout Response) {
        response.headers.add(contentsOf: fixed)
        // What the API says is true when it is said, and may be secret.
        if !response.headers.contains(name: "Cache-Control") {
            response.headers.add(name: "Cache-Control", value: "no-store")
        }
    }
}
