"""Clients that go away, do not listen, or are too many: nothing is lost by them, and nobody else waits."""
import socket
import time

import pytest

from node import AGENTS

pytestmark = pytest.mark.usefixtures("unharmed")


def answers_promptly(node):
    """Others are served as if nothing were."""
    for path in ("/api/bootstrap/status", "/api/supervisor/status"):
        began = time.monotonic()
        node.get(path, limit=5)
        took = time.monotonic() - began
        assert took < 2, f"{path} took {took:.1f} s"


def test_clients_that_go_away_leave_nothing(appliance):
    """Calls whose caller is gone are given up; half-sent ones are forgotten."""
    check = b'{"jsonrpc":"2.0","id":1,"method":"requirements.check"}\n'
    for _ in range(20):
        agent = appliance.agent("bootstrap")
        agent.socket.sendall(check)
        agent.close()
        with appliance.connect() as gateway:
            gateway.sendall(b"GET /api/requirements HTTP/1.1\r\nHost: n1\r\n\r\n")
        with appliance.connect() as gateway:
            gateway.sendall(b"POST /api/bootstrap/start HTTP/1.1\r\nHost: n1\r\nContent-Type: application/json\r\n"
                            b"Content-Length: 1000\r\n\r\n{\"choices\":")
        with appliance.connect() as gateway:
            gateway.sendall(b"GET /api/ev")
    answers_promptly(appliance)


def test_clients_that_do_not_read_hold_up_nobody(appliance):
    memory = {name: resident(appliance, child["pid"]) for name, child in appliance.children().items()}
    deaf = []
    for agent in AGENTS:
        connection = appliance.agent(agent).socket
        connection.setblocking(False)
        fill(connection, b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\n' * 20_000)
        deaf.append(connection)
    for request in (b"GET /api/openapi.json", b"GET /api/events", b"GET /"):
        for _ in range(5):
            connection = appliance.connect()
            connection.setblocking(False)
            fill(connection, (request + b" HTTP/1.1\r\nHost: n1\r\n\r\n") * 500)
            deaf.append(connection)
    for _ in range(3):
        answers_promptly(appliance)
    grown = {name: resident(appliance, child["pid"]) - memory[name] for name, child in appliance.children().items()}
    print(f"grown by {grown} KiB")
    assert all(kib < 48 << 10 for kib in grown.values()), grown
    for connection in deaf:
        connection.close()
    answers_promptly(appliance)


def fill(connection, data):
    """Sends until nobody takes it any more."""
    silent = 0
    while data and silent < 3:
        try:
            data = data[connection.send(data):]
            silent = 0
        except BlockingIOError:
            silent += 1
            time.sleep(0.1)
        except (BrokenPipeError, ConnectionResetError):
            return


def resident(node, pid):
    for line in node.path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def test_one_connection_too_many_is_told_so(appliance):
    connections = [appliance.agent("orch") for _ in range(257)]
    try:
        connections[-1].socket.settimeout(10)
        reply = connections[-1].reply()
        assert reply["error"]["data"]["kind"] == "busy", reply
        assert connections[-1].reply() is None
        assert connections[0].call("rpc.discover")["methods"]
    finally:
        for connection in connections:
            connection.close()


def test_half_closed_clients_get_their_answers(appliance):
    with appliance.agent("supervisor") as connection:
        connection.socket.sendall(b'{"method":"supervisor.status"}')
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.reply()["result"]["children"]
        assert connection.reply() is None
