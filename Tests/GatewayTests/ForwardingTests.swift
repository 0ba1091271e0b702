import IPC
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import gateway

/// Real requests through a real gateway to real agents.
@Suite struct ForwardingTests {
    @Test("a result is handed on as the agent wrote it")
    func result() async throws {
        try await Appliance.run { appliance in
            let answer = try await Client(port: appliance.port).get("/api/bootstrap/status")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.headers["cache-control"] == "no-store")
            let expected = try WireCoding.encode(Schema.example(of: BootstrapState.self))
            #expect(answer.body == String(decoding: expected, as: UTF8.self))
        }
    }

    @Test("every declared operation that has a route answers there")
    func everyRoute() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            for about in Contracts.all.flatMap({ $0.operations }).map({ $0.about }) {
                guard let route = about.route else { continue }
                let answer =
                    switch route.verb {
                    case .get: try await client.get(route.path)
                    case .post: try await client.post(route.path, "{}")
                    }
                #expect(answer["kind"] != .string("route.unknown"), "\(route.path)")
            }
        }
    }

    @Test("the request id is taken over if it is harmless, made if not, and given back")
    func requestId() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            let given = try await client.get("/api/hosts", "X-Request-Id: page-7.a_b")
            #expect(given.headers["x-request-id"] == "page-7.a_b")
            #expect(appliance.agents.calls(of: "hosts.list").first?.requestId == "page-7.a_b")
            let made = try await client.get("/api/hosts", "X-Request-Id: a b{")
            #expect(made.headers["x-request-id"] == appliance.agents.calls(of: "hosts.list").last?.requestId)
            #expect(made.headers["x-request-id"] != "a b{")
        }
    }

    @Test("an Idempotency-Key reaches the agent; one that is none is refused with its place")
    func operationKey() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            _ = try await client.post("/api/bootstrap/retry", "{}", "Idempotency-Key: key-12345")
            #expect(appliance.agents.calls(of: "bootstrap.retry").map(\.op?.text) == ["key-12345"])
            let refused = try await client.post("/api/bootstrap/retry", "{}", "Idempotency-Key: no")
            #expect(refused.status == 400)
            #expect(refused["pointer"] == "/meta/op")
            #expect(appliance.agents.calls(of: "bootstrap.retry").count == 1)
        }
    }

    @Test("an agent's problem becomes a status and problem+json")
    func problem() async throws {
        try await Appliance.run { appliance in
            let answer = try await Client(port: appliance.port).post("/api/bootstrap/clean_up", "{}")
            #expect(answer.status == 409)
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer["kind"] == "bootstrap.running")
            #expect(answer["detail"] == "A bootstrap runs.")
            #expect(answer["hint"] == "Wait for it.")
            #expect(answer["retryable"] == true)
            #expect(answer["status"] == 409)
        }
    }

    @Test("ill-typed, missing and unknown parameters are refused by the agent, with the place")
    func parameters() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            #expect(try await client.get("/api/cluster/log?lines=50").status == 200)
            for (query, pointer) in [("lines=x", "/lines"), ("lines=0", "/lines"), ("lins=5", "/lins")] {
                let answer = try await client.get("/api/cluster/log?\(query)")
                #expect(answer.status == 400)
                #expect(answer["pointer"] == .string(pointer))
            }
            let answer = try await client.post("/api/bootstrap/start", #"{"choices":{"hostname":7}}"#)
            #expect(answer.status == 400)
            #expect(answer["kind"] == "params.invalid")
            #expect(answer["pointer"] == "/choices/hostname")
        }
    }

    @Test(
        "a body that is not one JSON object never reaches an agent",
        arguments: ["{", "[]", "{}{}", #"{},"method":"bootstrap.retry""#, "{}}\n{\"method\":\"bootstrap.retry\"}"])
    func malformed(_ body: String) async throws {
        try await Appliance.run { appliance in
            let answer = try await Client(port: appliance.port).post("/api/bootstrap/start", body)
            #expect(answer.status == 400)
            #expect(appliance.agents.calls(of: "bootstrap.start").isEmpty)
            #expect(appliance.agents.calls(of: "bootstrap.retry").isEmpty)
        }
    }

    @Test("JSON on several lines is forwarded as one")
    func severalLines() async throws {
        try await Appliance.run { appliance in
            let body = String(decoding: try WireCoding.encode(Schema.example(of: BootstrapStart.self)), as: UTF8.self)
            let answer = try await Client(port: appliance.port)
                .post("/api/bootstrap/start", body.replacing(",", with: ",\r\n\t"))
            #expect(answer.status == 200)
        }
    }

    @Test("a body that is too large is refused, whether it says so or not")
    func tooLarge() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            let declared = try await client.send(
                Client.request(
                    "POST", "/api/bootstrap/start", ["Content-Type: application/json", "Content-Length: 1048577"]))
            #expect(declared.status == 413)
            let chunk = String(repeating: " ", count: 0x20000)
            let head = Client.request(
                "POST", "/api/bootstrap/start", ["Content-Type: application/json", "Transfer-Encoding: chunked"])
            let chunked = try await client.send(head + String(repeating: "20000\r\n\(chunk)\r\n", count: 9))
            #expect(chunked.status == 413)
            #expect(chunked["kind"] == "request.too_large")
        }
    }

    @Test("no body is so large that the agent closes the connection that all calls share")
    func largest() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            appliance.agents.gate.close()
            async let other = client.get("/api/requirements")
            await appliance.agents.waiting.pass()
            for (size, status) in [
                ((1 << 20) - 10, 413), (HTTPServer.Limits().bodyBytes + 1, 413), (HTTPServer.Limits().bodyBytes, 400),
            ] {
                let body = #"{"x":""# + String(repeating: "x", count: size - 8) + #""}"#
                let key = "Idempotency-Key: " + String(repeating: "k", count: OperationKey.form.maxLength)
                let id = "X-Request-Id: " + String(repeating: "r", count: 64)
                let answer = try await client.post("/api/bootstrap/start", body, key, id)
                #expect(answer.status == status)
                // The agent itself has read the largest that is let through.
                if status == 400 { #expect(answer["pointer"] == "/x") }
            }
            appliance.agents.gate.open()
            #expect(try await other.status == 200)
            #expect(appliance.agents.calls(of: "requirements.check").count == 1)
        }
    }

    @Test("a client that goes away cancels what it asked for")
    func disconnect() async throws {
        try await Appliance.run { appliance in
            appliance.agents.gate.close()
            try await Client(port: appliance.port).connect { connection in
                try await connection.send(Client.request("GET", "/api/requirements"))
                await appliance.agents.waiting.pass()
            }
            await appliance.agents.cancelled.pass()
        }
    }

    @Test("when an agent dies, what may be repeated is repeated, and nothing else")
    func agentDies() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            for (key, calls, status) in [("", 1, 503), ("Idempotency-Key: key-12345", 3, 200)] {
                appliance.agents.gate.close()
                async let answer = client.post("/api/bootstrap/retry", "{}", key.isEmpty ? "X-None: 1" : key)
                while appliance.agents.calls(of: "bootstrap.retry").count < (calls + 1) / 2 { await Task.yield() }
                try await appliance.restartBootstrap()
                #expect(try await answer.status == status)
                #expect(appliance.agents.calls(of: "bootstrap.retry").count == calls)
            }
            // Both tries together have the time of one; between them was a pause of 50 ms.
            let limit = try #require(appliance.agents.calls(of: "bootstrap.retry").last?.limit)
            #expect(limit <= .seconds(30) - .milliseconds(50))
        }
    }

    @Test("what looks at the machine's disks is given more time than they need, the rest less")
    func limits() async throws {
        try await Appliance.run { appliance in
            let client = Client(port: appliance.port)
            let start = String(decoding: try WireCoding.encode(Schema.example(of: BootstrapStart.self)), as: UTF8.self)
            #expect(try await client.get("/api/requirements").status == 200)
            #expect(try await client.post("/api/bootstrap/plan", start).status == 200)
            #expect(try await client.post("/api/bootstrap/start", start).status == 200)
            #expect(try await client.get("/api/hosts").status == 200)
            for method in ["requirements.check", "bootstrap.plan", "bootstrap.start"] {
                let limit = try #require(appliance.agents.calls(of: method).first?.limit)
                #expect((.seconds(65) ... .seconds(80)).contains(limit), "\(method)")
            }
            let limit = try #require(appliance.agents.calls(of: "hosts.list").first?.limit)
            #expect(limit <= .seconds(30))
        }
    }

    @Test("an agent is told when nobody waits any more for what was asked of it")
    func askCancelled() async throws {
        try await Appliance.run { appliance in
            try await withForwarding(to: "\(appliance.directory)/bootstrap.sock") { forwarding, _ in
                appliance.agents.gate.close()
                let asked = Task {
                    try await forwarding.ask("bootstrap", RequirementsCheck.about, Meta(), within: .seconds(30))
                }
                await appliance.agents.waiting.pass()
                asked.cancel()
                await #expect(throws: Problem.cancelled) { try await asked.value }
                await appliance.agents.cancelled.pass()
            }
        }
    }

    @Test("a call that waits for its next try ends when it is cancelled, not when the try is due")
    func retryCancelled() async throws {
        try await withForwarding(to: "/nonexistent") { forwarding, client in
            await client.close()
            let isOver = try await forwarding.loop.submit {
                let call = forwarding.call("bootstrap", BootstrapStatus.about, nil, Meta(), within: .seconds(30))
                var isOver = false
                call.result.assumeIsolated().whenFailure { isOver = $0 as? Problem == .cancelled }
                #expect(!isOver)
                call.cancel()
                return isOver
            }.get()
            #expect(isOver)
        }
    }
}

private func withForwarding(to path: String, _ body: (Forwarding, AgentClient) async throws -> Void) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let client = AgentClient(
        socketPath: path, group: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let result: Result<Void, any Error>
    do { result = .success(try await body(Forwarding(clients: ["bootstrap": client], loop: loop), client)) } catch {
        result = .failure(error)
    }
    await client.close()
    try result.get()
}
