import IPC
import Testing

@testable import gateway

@Suite struct GuardsTests {
    @Test(
        "an address, localhost and the node's own name are ours",
        arguments: [
            "127.0.0.1:8080", "[::1]:8080", "[fe80::1]", "192.0.2.7", "localhost", "LOCALHOST:1", "Storage1:80",
            "storage1.local",
        ])
    func ours(_ authority: String) {
        #expect(HostCheck.isOurs(HostCheck.host(of: authority), nodeName: "storage1"))
    }

    @Test(
        "any other name is not",
        arguments: [
            "evil.example", "storage1.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "storage2",
            "127.0.0.1:80:80", "[::1", "storage1@evil.example",
        ])
    func others(_ authority: String) {
        #expect(!HostCheck.isOurs(HostCheck.host(of: authority), nodeName: "storage1"))
    }

    @Test("an origin must be the very host that was asked")
    func origin() {
        #expect(OriginCheck.isSame("http://localhost:8080", "localhost:8080"))
        #expect(OriginCheck.isSame("https://Storage1", "storage1"))
        for other in ["http://localhost:9090", "http://localhost", "null", "http://evil.example", ""] {
            #expect(!OriginCheck.isSame(other, "localhost:8080"))
        }
    }

    @Test("a foreign name, a foreign page and a body that is no JSON are refused at the door")
    func refused() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            let rebound = try await client.send("GET /api/hosts HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            #expect(rebound.status == 403)
            #expect(try await client.send("GET /api/hosts HTTP/1.1\r\n\r\n").status == 400)
            let foreign = try await client.post("/api/bootstrap/retry", "{}", "Origin: http://evil.example")
            #expect(foreign.status == 403)
            let head = ["Content-Type: text/plain", "Content-Length: 2"]
            let form = try await client.send(Client.request("POST", "/api/bootstrap/retry", head) + "{}")
            #expect(form.status == 415)
            #expect(appliance.agents.calls(of: "bootstrap.retry").isEmpty)
            #expect(try await client.post("/api/bootstrap/retry", "{}", "Origin: http://localhost").status == 200)
        }
    }

    @Test("unknown paths and wrong methods are told apart")
    func routes() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            let unknown = try await client.get("/api/nothing")
            #expect(unknown.status == 404)
            #expect(unknown["kind"] == "route.unknown")
            let wrong = try await client.send(Client.request("DELETE", "/api/hosts"))
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "GET, HEAD")
            #expect(try await client.get("/api/bootstrap/start").headers["allow"] == "POST")
        }
    }

    @Test("every answer tells the browser to trust nothing else")
    func securityHeaders() async throws {
        try await Appliance.run { appliance in
            for path in ["/api/hosts", "/api/nothing", "/api/openapi.json"] {
                let headers = try await Client(port: appliance.port).get(path).headers
                #expect(headers["content-security-policy"]?.contains("default-src 'self'") == true)
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["x-frame-options"] == "DENY")
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["cache-control"] == "no-store")
            }
        }
    }
}
