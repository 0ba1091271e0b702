"""The appliance's processes under real systemd: killed, hung, restarted and stopped."""
import re
import signal
import threading
import time

import pytest

from node import PROCESSES

from wait import wait_until

CHILDREN = ("bootstrap", "orch", "gateway")


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_child_is_back_at_once_and_nobody_is_refused(node, name):
    before = node.children()
    path = {"bootstrap": "/api/bootstrap/status", "orch": "/api/cluster/status", "gateway": "/api/openapi.json"}[name]
    node.signal(before[name]["pid"], signal.SIGKILL)
    began = time.monotonic()
    answer = node.request("GET", path, limit=10)
    print(f"{name}: answered {answer.status} {1000 * (time.monotonic() - began):.0f} ms after the kill")
    assert answer.status == (409 if name == "orch" else 200), answer
    after = node.wait_for_appliance(10)
    assert after[name]["restarts"] == before[name]["restarts"] + 1
    assert after[name]["last_exit"]["signal"] == "SIGKILL" and "SIGKILL" in after[name]["last_exit"]["reason"]
    assert after[name]["pid"] != before[name]["pid"]
    others = [child for child in CHILDREN if child != name]
    assert all(after[child]["pid"] == before[child]["pid"] for child in others), "the others are left alone"


def test_calls_go_on_while_an_agent_is_killed_again_and_again(node):
    """Reads are repeated by the gateway, and a killed agent's socket keeps queueing: no caller notices."""
    end = threading.Event()
    answers = []

    def ask():
        while not end.is_set():
            answers.append(node.request("GET", "/api/bootstrap/status", limit=10).status)

    callers = [threading.Thread(target=ask) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for _ in range(8):
            pid = wait_until("it runs", 10, lambda: running(node, "bootstrap"))["pid"]
            node.signal(pid, signal.SIGKILL)
            time.sleep(0.3)
    finally:
        end.set()
        for caller in callers:
            caller.join()
    print(f"{len(answers)} answers")
    assert set(answers) == {200}, {status: answers.count(status) for status in set(answers)}


def running(node, name):
    child = node.children()[name]
    return child if child["state"] == "running" else None


@pytest.mark.parametrize("name", CHILDREN)
def test_a_hung_child_is_killed_and_replaced(node, name):
    # Silence counts as the child's own death; what other tests have caused is forgiven, so that this is no crash loop.
    node.call("supervisor", "supervisor.restart", {"name": name})
    before = node.children()[name]
    node.signal(before["pid"], signal.SIGSTOP)
    began = time.monotonic()

    def replaced():
        child = running(node, name)
        return child and child["pid"] != before["pid"]

    wait_until(f"{name} is replaced", 10, replaced)
    took = time.monotonic() - began
    print(f"{name}: replaced {took:.1f} s after it hung")
    assert took <= 6


def test_restart_on_request(node):
    before = node.children()
    child = node.call("supervisor", "supervisor.restart", {"name": "orch"})
    assert child["state"] == "running" and child["pid"] != before["orch"]["pid"]
    assert child["last_exit"]["code"] == 0, "asked to, it ends in good order"
    lines = node.call("supervisor", "supervisor.logs", {"name": "orch", "lines": 50})["lines"]
    assert 0 < len(lines) <= 50 and any("ready" in line for line in lines), lines


def test_a_killed_supervisor_comes_back_with_new_children_and_no_orphans(node):
    old = node.supervisor_pid()
    old_processes = node.appliance_processes()
    assert len(old_processes) == PROCESSES, old_processes
    node.signal(old, signal.SIGKILL)
    wait_until("systemd has started another supervisor", 15, lambda: node.supervisor_pid() not in (0, old))
    node.wait_for_appliance(15)
    survivors = {pid for pid in old_processes if node.is_alive(pid)}
    assert not survivors, f"orphans of the old supervisor: {survivors}"
    assert len(node.appliance_processes()) == PROCESSES
    assert node.run("systemctl", "is-active", "aquarium").strip() == "active"


def test_stop_ends_everything_in_time_and_start_brings_it_back(node):
    pids = node.appliance_processes()
    began = time.monotonic()
    node.run("systemctl", "stop", "aquarium")
    took = time.monotonic() - began
    print(f"stopped in {took:.2f} s")
    assert took <= 15
    assert not node.appliance_processes()
    assert not {pid for pid in pids if node.is_alive(pid)}
    shown = node.run("systemctl", "show", "--property", "Result,ExecMainStatus", "aquarium").split()
    assert set(shown) == {"Result=success", "ExecMainStatus=0"}, shown
    began = time.monotonic()
    node.run("systemctl", "start", "aquarium")
    print(f"ready again in {time.monotonic() - began:.2f} s")
    node.wait_for_appliance(10)


def test_stop_while_a_client_hangs_and_an_agent_is_deaf(node):
    """Open event streams, half-sent requests and an agent that does not listen to SIGTERM delay nothing for ever."""
    clients = [node.connect() for _ in range(5)]
    for client in clients:
        client.sendall(b"GET /api/events HTTP/1.1\r\nHost: " + node.address.encode() + b"\r\n\r\n")
    half = node.connect()
    half.sendall(b"POST /api/bootstrap/plan HTTP/1.1\r\nHost: n1\r\nContent-Length: 100\r\n\r\n{")
    node.signal(node.children()["orch"]["pid"], signal.SIGSTOP)
    began = time.monotonic()
    node.run("systemctl", "stop", "aquarium")
    took = time.monotonic() - began
    print(f"stopped in {took:.2f} s")
    assert took <= 15.5
    assert not node.appliance_processes()
    for client in [*clients, half]:
        client.close()
    node.run("systemctl", "start", "aquarium")


def test_a_spoilt_configuration_is_told_in_the_journal(node):
    """It does not start with settings that it does not understand, and says which."""
    config = node.path("/etc/aquarium/aquarium.json")
    good = config.read_text()
    config.write_text('{"listen": 8080, "colour": "blue"}')
    try:
        node.try_("timeout", "3", "systemctl", "restart", "aquarium")
        wait_until("the journal tells what is wrong", 15, lambda: re.search(
            r"aquarium\.json.*(listen|colour)",
            node.run("journalctl", "--unit", "aquarium", "--no-pager", "--lines", "50", "--output", "cat")))
    finally:
        config.write_text(good)
        node.run("systemctl", "restart", "aquarium")
