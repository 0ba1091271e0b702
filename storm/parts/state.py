"""State files that are spoilt, a full disk, a read-only file system: told, nothing half done, taken up again.

Disk and file system are a small tmpfs that is mounted over one process's folder in the node.
"""
import contextlib
import signal
import time
import uuid

import cluster
from table import Row
from wait import wait_until
from wire import Refusal

FOLDER = "/var/lib/aquarium"
GARBAGE = {"truncated": b'{"state":{"running":', "garbage": bytes(range(256)) * 8}


def run(node, is_short):
    rows = [spoilt_bootstrap(node, how) for how in GARBAGE] + [spoilt_keys(node, how) for how in GARBAGE]
    rows += [unwritable_supervisor(node, harm) for harm in HARMS]
    return [*rows, unwritable_bootstrap(node)]


def spoilt_bootstrap(node, how):
    """What is not understood may be the only record of a cluster: the agent must neither go on nor throw it away."""
    file = node.path(f"{FOLDER}/bootstrap/state.json")
    good = file.read_bytes() if file.exists() else None
    file.write_bytes(GARBAGE[how])
    try:
        node.signal(node.children()["bootstrap"]["pid"], signal.SIGKILL)
        wait_until("it is told", 20, lambda: node.children()["bootstrap"]["state"] == "crash_loop")
        problem = node.request("GET", "/api/bootstrap/status").problem
        with node.agent("bootstrap") as agent:
            agent.send(b'{"jsonrpc":"2.0","id":1,"method":"bootstrap.status"}')
            message = agent.reply()["error"]["message"]
        is_told = problem["kind"] == "agent.crash_loop" and "state.json can't be read" in message
        is_kept = file.read_bytes() == GARBAGE[how]
        others = node.request("GET", "/api/supervisor/status").status == 200
    finally:
        file.write_bytes(good) if good is not None else file.unlink()
    node.call("supervisor", "supervisor.restart", {"name": "bootstrap"})
    status = node.get("/api/bootstrap/status")["status"]
    return Row(
        f"bootstrap's state.json {how}", "told, kept, the others serve; back when the file is",
        f"{'told by the crash loop with file and reason' if is_told else 'NOT TOLD: ' + message}; file "
        f"{'kept' if is_kept else 'CHANGED'}; others {'serve' if others else 'DO NOT SERVE'}; then: {status}",
        is_told and is_kept and others and status == "none")


def spoilt_keys(node, how):
    file = node.path(f"{FOLDER}/supervisor/operations.json")
    restart(node, str(uuid.uuid4()))
    begin = int(time.time())
    good = file.read_bytes()
    spoilt = good[:len(good) // 2] if how == "truncated" else GARBAGE[how]
    file.write_bytes(spoilt)
    old = node.supervisor_pid()
    node.signal(old, signal.SIGKILL)
    wait_until("systemd has started another supervisor", 15, lambda: node.supervisor_pid() not in (0, old))
    node.wait_for_appliance(15)
    aside = node.path(f"{FOLDER}/supervisor/operations.json.unreadable")
    is_kept = aside.exists() and aside.read_bytes() == spoilt
    log = node.run("journalctl", "-u", "aquarium", "-o", "cat", "--since", f"@{begin}")
    is_told = "the keys of earlier operations can't be read" in log
    works = is_once(node)
    aside.unlink(missing_ok=True)
    return Row(
        f"the supervisor's operations.json {how}", "told, set aside, changes are done once again",
        f"{'told in the log' if is_told else 'NOT TOLD'}; {'set aside' if is_kept else 'NOT SET ASIDE'}; a new key "
        f"runs {'once' if works else 'NOT ONCE'}; the keys before are forgotten", is_told and is_kept and works)


@contextlib.contextmanager
def small_disk(node, folder):
    """The folder on a file system of its own, with the same files and rights."""
    node.run("cp", "-a", folder, "/run/storm")
    node.run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "storm", folder)
    node.run("cp", "-a", "/run/storm/.", folder)
    node.run("rm", "-r", "/run/storm")
    try:
        yield
    finally:
        node.run("umount", "--lazy", folder)


@contextlib.contextmanager
def full(node, folder):
    node.try_("dd", "if=/dev/zero", f"of={folder}/filler", "bs=4k")
    try:
        yield
    finally:
        node.run("rm", f"{folder}/filler")


@contextlib.contextmanager
def read_only(node, folder):
    node.run("mount", "-o", "remount,ro", folder)
    try:
        yield
    finally:
        node.run("mount", "-o", "remount,rw", folder)


HARMS = {"disk full": full, "file system read-only": read_only}


def unwritable_supervisor(node, harm):
    folder, key = f"{FOLDER}/supervisor", str(uuid.uuid4())
    with small_disk(node, folder):
        with HARMS[harm](node, folder):
            before = node.children()["orch"]["pid"]
            problem = refusal(lambda: restart(node, key))
            is_untouched = node.children()["orch"]["pid"] == before
            reads = node.request("GET", "/api/supervisor/status").status == 200
        # The key that was refused is good for the next try.
        child = restart(node, key)
        recovered = child["pid"] != before and restart(node, key) == child
    return Row(
        f"{harm} under the supervisor's state", "a clear refusal, nothing half done, recovery",
        f"{problem}; child {'untouched' if is_untouched else 'RESTARTED'}; reads {'go on' if reads else 'FAIL'}; "
        f"then the same key {'runs once' if recovered else 'DOES NOT RUN ONCE'}",
        problem == "state.unwritable" and is_untouched and reads and recovered)


def unwritable_bootstrap(node):
    """A bootstrap that can't be recorded must not begin. The recovery is one that begins, is stopped and taken back."""
    folder, key = f"{FOLDER}/bootstrap", str(uuid.uuid4())
    choices = cluster.choices_of(node)
    told, states = {}, set()
    with small_disk(node, folder):
        for harm, harmed in HARMS.items():
            with harmed(node, folder):
                problem = node.request(
                    "POST", "/api/bootstrap/start", {"choices": choices}, {"Idempotency-Key": key}).problem
                told[harm] = problem["kind"]
                states.add(cluster.status(node)["status"])
    begun = node.post("/api/bootstrap/start", {"choices": choices}, key)["status"]
    stopped = node.call("bootstrap", "operations.cancel", {"id": key})["state"]
    cluster.clean_up(node)
    return Row(
        "disk full, then read-only, under bootstrap's state", "a clear refusal, nothing half done, recovery",
        ", ".join(f"{harm}: {kind}" for harm, kind in told.items()) + f"; bootstrap then: {', '.join(states)}; later "
        f"the same key: {begun}; stopped: {stopped}, taken back",
        set(told.values()) == {"state.unwritable"} and states == {"none"} and begun == "running")


def restart(node, key):
    return node.call("supervisor", "supervisor.restart", {"name": "orch"}, {"op": key})


def is_once(node):
    key = str(uuid.uuid4())
    first = restart(node, key)
    return restart(node, key) == first and node.children()["orch"]["pid"] == first["pid"]


def refusal(action):
    try:
        action()
    except Refusal as refused:
        return refused.kind
    return "nothing was refused"

