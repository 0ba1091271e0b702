"""The appliance under load while it is reloaded, upgraded, restarted, or loses its supervisor."""
import contextlib
import json
import os
import re
import shutil
import signal
import time

import pytest

from load import Load
from node import PORT
from test_supervision import CHILDREN, running
from wait import wait_until

#: each passes the gateway and an agent
READ = "/api/bootstrap/status"
PROGRAMS = {"bootstrap": "bootstrap-agent", "orch": "orch-agent", "gateway": "gateway"}


def pids(node):
    return {name: child["pid"] for name, child in node.children().items()}


def reload(node):
    """Reloads, and waits until the new gateway serves and the old one has ended."""
    old = pids(node)["gateway"]
    node.run("systemctl", "reload", "aquarium")

    def is_over():
        now = running(node, "gateway")
        state = node.run("systemctl", "show", "--property", "SubState", "--value", "aquarium").strip()
        return now and now["pid"] != old and state == "running" and not node.is_alive(old)

    wait_until("the new gateway serves alone", 20, is_over)


def replace(node, name):
    """The same program as another file, as an upgrade puts it there."""
    program = node.path(f"/usr/libexec/aquarium/{PROGRAMS[name]}")
    new = program.with_suffix(".new")
    shutil.copy2(program, new)
    new.rename(program)


@pytest.mark.parametrize("keep_alive", [False, True])
def test_a_reload_refuses_and_drops_nobody(node, keep_alive):
    before, sockets = pids(node), node.listening_sockets()
    with Load(node, READ, keep_alive=keep_alive) as load:
        for _ in range(3):
            reload(node)
    assert set(load.outcomes) == {200} and load.outcomes[200] > 50
    after = pids(node)
    assert after["gateway"] != before["gateway"]
    assert {name: after[name] for name in ("bootstrap", "orch")} == {
        name: before[name] for name in ("bootstrap", "orch")}, "whose program is the same works on"
    assert node.listening_sockets() == sockets


def test_what_a_gateway_has_begun_it_finishes_after_its_successor_serves(node):
    old = pids(node)["gateway"]
    orch = pids(node)["orch"]
    node.signal(orch, signal.SIGSTOP)
    try:
        client = node.connect()
        client.sendall(f"GET /api/cluster/status HTTP/1.1\r\nHost: {node.address}\r\n\r\n".encode())
        stream = node.connect()
        stream.sendall(f"GET /api/events HTTP/1.1\r\nHost: {node.address}\r\n\r\n".encode())
        assert stream.recv(4096).startswith(b"HTTP/1.1 200 ")
        node.run("systemctl", "reload", "aquarium")
        wait_until("another gateway serves", 4, lambda: (running(node, "gateway") or {"pid": old})["pid"] != old,
                   pause=0.02)
        assert node.is_alive(old), "it still has a request to answer"
    finally:
        node.signal(orch, signal.SIGCONT)
    assert client.recv(4096).startswith(b"HTTP/1.1 409 "), "asked of the old, answered by the old"
    while stream.recv(65536):
        pass  # the stream comes to its end: the browser opens another
    wait_until("the old one has ended", 10, lambda: not node.is_alive(old))
    client.close()
    stream.close()


def test_an_upgrade_is_taken_over_by_a_reload(node):
    before, sockets = pids(node), node.listening_sockets()
    for name in CHILDREN:
        replace(node, name)
    with Load(node, READ) as load:
        reload(node)
    assert set(load.outcomes) == {200}, "reads are repeated while an agent is restarted"
    after = pids(node)
    assert not set(before.values()) & set(after.values())
    assert node.listening_sockets() == sockets
    for name in CHILDREN:
        image = os.readlink(node.path(f"/proc/{after[name]}/exe"))
        assert image == f"/usr/libexec/aquarium/{PROGRAMS[name]}", "not the deleted one"


def test_a_broken_upgrade_of_the_gateway_leaves_the_old_one_serving(node):
    program = node.path("/usr/libexec/aquarium/gateway")
    old = pids(node)["gateway"]
    good = program.rename(program.with_suffix(".good"))
    try:
        program.write_text("#!/bin/sh\necho it is broken\nexit 3\n")
        program.chmod(0o755)
        with Load(node, READ) as load:
            node.run("systemctl", "reload", "aquarium")
            wait_until("it is told", 20, lambda: node.children()["gateway"]["state"] == "crash_loop")
        assert set(load.outcomes) == {200}
        assert node.is_alive(old)
    finally:
        good.rename(program)
    node.call("supervisor", "supervisor.restart", {"name": "gateway"})
    wait_until("the old one has ended", 12, lambda: not node.is_alive(old))


def test_the_page_moves_to_the_address_that_a_reload_finds(node):
    config = node.path("/etc/aquarium/aquarium.json")
    good = config.read_text()
    sockets = node.listening_sockets()
    settings = json.loads(good)
    config.write_text(json.dumps(settings | {"listen": f"{node.address}:{PORT + 1}"}))
    try:
        reload(node)
        text = node.run("curl", "--silent", "--max-time", "5", f"http://{node.address}:{PORT + 1}{READ}")
        assert json.loads(text)["status"] == "none"
        with pytest.raises(ConnectionRefusedError):
            node.connect()
        config.write_text('{"colour": "blue"}')
        before = pids(node)
        node.run("systemctl", "reload", "aquarium")
        wait_until("it says why not", 5, lambda: re.search(
            r"not reloaded: .*aquarium\.json.*colour", node.run("systemctl", "status", "--no-pager", "aquarium")))
        assert pids(node) == before
    finally:
        config.write_text(good)
        reload(node)
    # systemd keeps the new one: what moves back is another socket, the rest are the same.
    now = node.listening_sockets()
    assert now.pop("tcp") != sockets.pop("tcp") and now == sockets
    kept = node.run("systemctl", "show", "--property", "NFileDescriptorStore", "--value", "aquarium").strip()
    assert kept == "4", "one of each, no leftovers"


def test_a_supervisor_that_is_killed_under_load_refuses_nobody(node):
    sockets = node.listening_sockets()
    old = node.supervisor_pid()
    hosts = node.processes()
    children = [hosts[pid] for pid in pids(node).values()]
    with Load(node, READ) as load:
        time.sleep(0.5)
        node.signal(old, signal.SIGKILL)
        began = time.monotonic()
        wait_until("the children are gone", 2, lambda: not any(lives(pid) for pid in children), pause=0.001)
        gone = time.monotonic() - began
        wait_until("it serves again", 10, lambda: node.request("GET", READ, limit=5).status == 200, pause=0.01)
        back = time.monotonic() - began
        node.wait_for_appliance()
    print(f"children gone {1000 * gone:.0f} ms, back {1000 * back:.0f} ms after the kill")
    assert "ConnectionRefusedError" not in load.outcomes and load.outcomes[200] > 50
    # A request that a process was killed over is lost: one per caller at most.
    assert sum(load.outcomes.values()) - load.outcomes[200] <= 4, load.outcomes
    assert gone <= 0.1 and back <= 1
    assert node.supervisor_pid() != old
    assert node.listening_sockets() == sockets


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_restart_of_the_service_refuses_nobody(node):
    sockets = node.listening_sockets()
    with Load(node, READ) as load:
        node.run("systemctl", "restart", "aquarium")
        node.wait_for_appliance()
    assert "ConnectionRefusedError" not in load.outcomes and load.outcomes[200] > 20
    assert node.listening_sockets() == sockets


@contextlib.contextmanager
def crash_looping(node, name):
    """While it lasts the child's program ends at once for ever, and the child is in its crash loop."""
    program = node.path(f"/usr/libexec/aquarium/{PROGRAMS[name]}")
    good = program.rename(program.with_suffix(".good"))
    try:
        program.write_text("#!/bin/sh\necho something is missing\nexit 3\n")
        program.chmod(0o755)
        node.signal(node.children()[name]["pid"], signal.SIGKILL)
        wait_until("it crashes in a loop", 20, lambda: node.children()[name]["state"] == "crash_loop")
        yield
    finally:
        good.rename(program)
        node.call("supervisor", "supervisor.restart", {"name": name})


@pytest.fixture(params=CHILDREN)
def broken(node, request):
    with crash_looping(node, request.param):
        yield request.param


def test_a_crash_loop_is_answered_at_once_and_costs_nothing(node, broken):
    times = []
    for _ in range(5):
        if broken == "gateway":
            connection = node.connect()
            began = time.monotonic()
            connection.sendall(b"GET / HTTP/1.1\r\nHost: n1\r\n\r\n")
            answer = connection.recv(65536)
            connection.close()
        else:
            with node.agent(broken) as agent:
                began = time.monotonic()
                agent.send(b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}')
                answer = agent.reply()
        times.append(time.monotonic() - began)
    print(f"answered within {1000 * min(times):.1f} to {1000 * max(times):.1f} ms")
    assert sorted(times)[2] <= 0.01
    if broken == "gateway":
        assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 30\r\n" in answer
        assert b"agent.crash_loop" in answer and b"something is missing" not in answer
    else:
        error = answer["error"]
        assert error["data"]["kind"] == "agent.crash_loop" and "supervisor.restart" in error["data"]["hint"]
        assert "exit code 3" in error["message"] and "something is missing" in error["message"]
        problem = node.request("GET", READ if broken == "bootstrap" else "/api/cluster/status").problem
        assert problem["status"] == 503 and problem["kind"] == "agent.crash_loop"
    used = cpu(node)
    time.sleep(2)
    assert cpu(node) - used <= 0.1, "seconds of processor time in 2 s of a crash loop"


def cpu(node):
    words = node.path(f"/proc/{node.supervisor_pid()}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
