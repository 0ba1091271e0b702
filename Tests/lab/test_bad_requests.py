"""Lines that are no requests, bodies that are no parameters, routes that are none, and what is no HTTP at all."""
import pytest

from node import AGENTS

pytestmark = pytest.mark.usefixtures("unharmed")


@pytest.mark.parametrize("agent", AGENTS)
def test_lines_that_are_no_requests_are_answered_and_the_connection_kept(appliance, agent):
    deep = b"[" * 100 + b"]" * 100
    lines = [
        (b"{", -32700), (b"hello", -32700), (b'{"a":1,"a":2}', -32700), (b"\xff\xfe\x00", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xc3\x28"}', -32700), (b'"\\ud800"', -32700), (deep, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover","params":{"a":' + deep + b"}}", -32700),
        (b"7", -32600), (b"[]", -32600), (b"null", -32600), (b"{}", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"x"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"rpc.discover"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"no.such"}', -32601), (b'{"jsonrpc":"2.0","id":1,"method":""}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * 500_000 + b'"}', -32601),
    ]
    with appliance.agent(agent) as connection:
        for line, code in lines:
            connection.send(line)
            reply = connection.reply()
            assert reply and reply.get("error", {}).get("code") == code, f"{line[:80]!r}: {str(reply)[:300]}"
        assert connection.call("rpc.discover")["methods"], "the connection still serves"


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("end", [b"\n", b""], ids=["whole line", "endless line"])
def test_a_line_of_2_mib_is_refused_and_the_connection_closed(appliance, agent, end):
    with appliance.agent(agent) as connection:
        try:
            connection.socket.sendall(b'{"method":"rpc.discover","params":{"a":"' + b"x" * (2 << 20) + b'"}}' + end)
        except OSError:
            pass  # closed before all was sent
        reply = connection.reply()
        assert reply["error"]["data"]["kind"] == "request.too_large"
        assert connection.reply() is None


@pytest.mark.parametrize("agent", AGENTS)
def test_a_line_just_too_long_is_told_so(appliance, agent):
    with appliance.agent(agent) as connection:
        connection.send(b"x" * ((1 << 20) + 1))
        assert connection.reply()["error"]["data"]["kind"] == "request.too_large"
        assert connection.reply() is None


def test_bodies_that_are_no_parameters_are_refused(appliance):
    path = "/api/bootstrap/plan"
    cases = [
        (b"", 400, "params.invalid"), (b"{", 400, "request.malformed"), (b"[]", 400, "params.invalid"),
        (b'"x"', 400, "params.invalid"), (b'{"choices":"\xff"}', 400, "request.malformed"),
        (b'{"choices":' + b"[" * 100 + b"]" * 100 + b"}", 400, "request.malformed"),
        (b'{"choices":1,"choices":2}', 400, "request.malformed"), (b"\0", 400, "request.malformed"),
        (b'{"choices":"' + b"x" * (2 << 20) + b'"}', 413, "request.too_large"),
        # A line end inside of the JSON must not become a second request to the agent.
        (b'{"choices":{}}\n{"method":"bootstrap.clean_up"}', 400, "request.malformed"),
        (b'{"choices":\n\n{}\r\n}', 400, "params.invalid"),
    ]
    for body, status, kind in cases:
        answer = appliance.request("POST", path, body)
        assert (answer.status, answer.problem["kind"]) == (status, kind), f"{body[:60]!r}: {answer}"


def test_unknown_routes_and_ways_are_refused(appliance):
    for path in ("/api/nothing", "/api/", "/api/hosts/", "/api/hosts/n1", "//api/hosts", "/api/../etc/passwd",
                 "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/index.html%00", "/nothing.js", "/api/HOSTS",
                 "/" + "a" * 5000):
        assert appliance.request("GET", path).problem["kind"] == "route.unknown", path
    for verb, path in (("DELETE", "/api/hosts"), ("POST", "/api/hosts"), ("GET", "/api/bootstrap/start"),
                       ("PUT", "/api/bootstrap/plan"), ("POST", "/")):
        answer = appliance.request(verb, path, {})
        assert answer.status == 405 and answer.headers["Allow"], f"{verb} {path}: {answer}"
    assert appliance.request("POST", "/api/supervisor/restart", {"name": "orch"}).status == 404, "not for the network"


def test_requests_of_other_sites_are_refused(appliance):
    def plan(headers):
        return appliance.request("POST", "/api/bootstrap/plan", b"{}", headers)

    assert plan({"Content-Type": "text/plain"}).status == 415
    assert plan({"Content-Type": "application/x-www-form-urlencoded"}).status == 415
    assert plan({"Origin": "https://evil.example"}).problem["kind"] == "forbidden"
    assert plan({"Origin": "null"}).problem["kind"] == "forbidden"
    assert appliance.request("GET", "/api/hosts", headers={"Host": "evil.example"}).problem["kind"] == "forbidden"


def raw(node, request, limit=10):
    """All that the gateway sends back to these bytes, until it closes or is silent."""
    with node.connect(limit) as connection:
        received = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                received += part
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
        return received


def test_what_is_no_http_is_refused_or_closed(appliance):
    host = b"Host: " + appliance.address.encode() + b"\r\n"
    end = b"Connection: close\r\n\r\n"
    post = b"POST /api/bootstrap/plan HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\n"
    for request in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100, b"GET\r\n\r\n", b"\0" * 1000,
        b"GET / HTTP/9.9\r\n" + host + end, b"GET / HTTP/1.1\r\n" + end,
        b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 100_000 + b"\r\n" + end,
        b"GET / HTTP/1.1\r\n" + host + b"".join(b"X-%d: y\r\n" % i for i in range(500)) + end,
        b"GET /?" + b"a" * (2 << 20) + b" HTTP/1.1\r\n" + host + end,
        post + b"Content-Length: -1\r\n" + end,
        post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end,
        post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        answer = raw(appliance, request)
        assert answer == b"" or answer.split()[1][:1] in (b"4", b"5"), f"{request[:60]!r}: {answer[:200]!r}"
