import FoundationEssentials
import Testing

@testable import gateway

@Suite struct StaticFilesTests {
    private func withPage(_ body: (Client) async throws -> Void) async throws {
        let web = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: web) }
        let files = FileManager.default
        try files.createDirectory(atPath: "\(web)/assets", withIntermediateDirectories: false)
        for (name, content) in [
            ("index.html", "<p>page"), ("assets/app-K3J7QWXZ.js", "run()"), (".secret", "x"), ("assets/empty.css", ""),
        ] {
            try Data(content.utf8).write(to: URL(filePath: "\(web)/\(name)"))
        }
        try files.createSymbolicLink(atPath: "\(web)/passwd", withDestinationPath: "/etc/passwd")
        try files.createSymbolicLink(atPath: "\(web)/etc", withDestinationPath: "/etc")
        try await Appliance.run(web: web) { try await body(Client(port: $0.port)) }
    }

    @Test("the page is asked for again each time, and sent only when it has changed")
    func page() async throws {
        try await withPage { client in
            let page = try await client.get("/")
            #expect(page.status == 200)
            #expect(page.body == "<p>page")
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["cache-control"] == "no-cache")
            let etag = try #require(page.headers["etag"])
            for known in [etag, "W/\(etag)", "\"other\", \(etag)", "*"] {
                let again = try await client.get("/index.html", "If-None-Match: \(known)")
                #expect(again.status == 304)
                #expect(again.body == "")
                #expect(again.headers["etag"] == etag)
            }
            #expect(try await client.get("/", "If-None-Match: \"other\"").status == 200)
        }
    }

    @Test("a file whose name says its content is kept for ever")
    func immutable() async throws {
        try await withPage { client in
            let script = try await client.get("/assets/app-K3J7QWXZ.js")
            #expect(script.body == "run()")
            #expect(script.headers["content-type"] == "text/javascript; charset=utf-8")
            #expect(script.headers["cache-control"] == "public, max-age=31536000, immutable")
            #expect(try await client.get("/assets/empty.css").status == 200)
        }
    }

    @Test("HEAD tells what GET would, without the content")
    func head() async throws {
        try await withPage { client in
            let answer = try await client.connect { connection in
                try await connection.send(Client.request("HEAD", "/", ["Connection: close"]))
                return try await connection.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.contains("Content-Length: 7\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "nothing outside of the folder can be had",
        arguments: [
            "/../../etc/passwd", "/assets/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
            "//etc/passwd", "/passwd", "/etc/passwd", "/.secret", "/assets", "/assets/", "/index.html%00.js",
            "/assets/..\\..\\etc\\passwd",
        ])
    func outside(_ path: String) async throws {
        try await withPage { client in
            let status = try await client.get(path).status
            #expect(status == 404)
        }
    }

    @Test("without a page the API is served all the same")
    func noPage() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            let statuses = try await [client.get("/").status, client.get("/api/hosts").status]
            #expect(statuses == [404, 200])
        }
    }

    @Test("only the bundler's hashes count as hashes")
    func hashes() {
        #expect(StaticFiles(in: "/nonexistent").assets.isEmpty)
        #expect(Asset.hasHash("app-K3J7QWXZ.js"))
        for name in ["index.html", "apple-touch-icon.png", "some-anything.js", "app-K3J7QWX.js", "app-k3j7qwxz.js"] {
            #expect(!Asset.hasHash(name))
        }
    }
}
