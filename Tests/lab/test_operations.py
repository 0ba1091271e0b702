"""Operations under a key, on a real node: begun once, followed, stopped, and known after the death of their process."""
import signal
import uuid

import pytest

import cluster
from test_kill import has_begun, wait_for
from wait import wait_until
from wire import Refusal


def test_a_restart_under_a_key_happens_once(appliance):
    node = appliance
    key = {"op": str(uuid.uuid4())}
    before = node.children()["orch"]
    first = node.call("supervisor", "supervisor.restart", {"name": "orch"}, key)
    assert first["pid"] != before["pid"]
    again = node.call("supervisor", "supervisor.restart", {"name": "orch"}, key)
    assert again == first, "the same key has the first answer"
    assert node.children()["orch"]["pid"] == first["pid"], "nothing was restarted again"
    with pytest.raises(Refusal) as refused:
        node.call("supervisor", "supervisor.restart", {"name": "gateway"}, key)
    assert refused.value.kind == "op.conflict"
    # Another supervisor knows of it.
    pid = node.supervisor_pid()
    node.signal(pid, signal.SIGKILL)
    wait_until("systemd has started another supervisor", 15, lambda: node.supervisor_pid() not in (0, pid))
    node.wait_for_appliance(15)
    child = node.children()["orch"]["pid"]
    assert node.call("supervisor", "supervisor.restart", {"name": "orch"}, key) == first
    assert node.children()["orch"]["pid"] == child


def test_a_restart_whose_supervisor_died_is_gone_on_with(appliance):
    node, key = appliance, str(uuid.uuid4())
    old, deaf = node.supervisor_pid(), node.children()["orch"]["pid"]
    node.signal(deaf, signal.SIGSTOP)  # so that it takes a while to end
    with node.agent("supervisor") as caller:
        caller.send(
            b'{"jsonrpc":"2.0","id":1,"method":"supervisor.restart","params":{"name":"orch"},"meta":{"op":"%s"}}'
            % key.encode())
        wait_until("the restart runs", 5, lambda: node.children()["orch"]["state"] == "stopping", pause=0.02)
        node.signal(old, signal.SIGKILL)
    wait_until("systemd has started another supervisor", 15, lambda: node.supervisor_pid() not in (0, old))
    child = node.call("supervisor", "supervisor.restart", {"name": "orch"}, {"op": key})
    assert child["state"] == "running" and child["pid"] != deaf and not node.is_alive(deaf)
    assert child["restarts"] == 0, "the new supervisor has started it, and not restarted it"
    assert node.children()["orch"]["pid"] == child["pid"]
    node.wait_for_appliance(15)
    assert node.call("supervisor", "supervisor.restart", {"name": "orch"}, {"op": key}) == child


def test_a_bootstrap_is_followed_stopped_and_taken_back(fresh):
    node = fresh
    choices, key = cluster.choices_of(node), str(uuid.uuid4())
    cluster.start(node, choices, key)
    operations = node.call("bootstrap", "operations.list")["operations"]
    assert [(each["id"], each["method"], each["state"]) for each in operations] == [(key, "bootstrap.start", "running")]

    with node.agent("bootstrap", limit=300) as watcher:
        watcher.send(
            b'{"jsonrpc":"2.0","id":1,"method":"operations.watch","params":{"id":"%s"},"meta":{"deadline_ms":300000}}'
            % key.encode())
        state = wait_for(node, "bootstrap", has_begun(node, "mon"))
        stopped = node.call("bootstrap", "operations.cancel", {"id": key})
        assert stopped["state"] == "cancelled" and stopped["ended_at"]
        assert watcher.result() == stopped, "whoever follows it is told"

    with pytest.raises(Refusal) as refused:
        node.call("bootstrap", "operations.cancel", {"id": str(uuid.uuid4())})
    assert refused.value.kind == "operation.unknown" and refused.value.pointer == "/id"
    failed = cluster.status(node)
    assert failed["status"] == "failed" and failed["error"]["message"] == "It was stopped on request.", failed
    pattern = "^[^ ]*python3 [^ ]*cephadm"
    wait_until(
        "cephadm has ended", 20, lambda: node.try_("pgrep", "--list-full", "--full", pattern).stdout == "", pause=0.5)

    assert node.post("/api/bootstrap/start", {"choices": choices}, key)["status"] == "failed", "it is not begun anew"
    cluster.clean_up(node)
    cluster.assert_nothing_remains(node, state["fsid"], node.name)
    states = [each["state"] for each in node.call("bootstrap", "operations.list")["operations"]]
    assert states == ["cancelled", "done"]
