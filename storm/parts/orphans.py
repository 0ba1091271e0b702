"""Every process of the appliance killed at random: children, what they start, the supervisor; and what is left then."""
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from clients import Clients, Page, Socket
from node import field
from table import Row
from wait import wait_until

#: All that is there when nothing is asked of the appliance; a confined child has a witness beside it.
FAMILY = Counter({"supervisor": 1, "bootstrap-agent": 1, "orch-agent": 1, "gateway": 1, "witness": 2})
#: A second.
RATE = 20
#: Of so many kills one is the supervisor's; systemd takes some 500 ms to bring it back.
SUPERVISORS = 25


def run(node, is_short):
    number = 100 if is_short else 1000
    # Requirements are found out by a dozen programs, which the bootstrap-agent starts.
    calls = [Page("/api/requirements"), Page("/api/requirements"), Page("/api/cluster/status"),
             Socket("supervisor", "supervisor.status")]
    with Clients(node, calls):
        kills = kill_all(node, number)
    # A program whose agent was killed comes to its own end.
    left = wait_until("all are there again, and nobody else", 30, lambda: only_family(node))
    node.run("systemctl", "stop", "aquarium")
    after = ours(node)
    node.run("systemctl", "start", "aquarium")
    node.wait_for_appliance()
    killed = ", ".join(f"{count} {name}" for name, count in kills.most_common())
    return [Row(
        f"{kills.total()} SIGKILLs on whatever runs: the supervisor, its children, what they start",
        "no process left but the supervisor's, and none after a stop",
        f"{killed}; then {told(left)}; after `systemctl stop` {told(Counter(after.values()))}",
        kills.total() == number and left == FAMILY and not after)]


def told(processes):
    return ", ".join(f"{count} {name}" for name, count in sorted(processes.items())) or "none"


def kill_all(node, number):
    """Gives how many of each name were killed."""
    chance, kills, end = random.Random(1), Counter(), time.monotonic() + 60 + number / RATE * 3
    while kills.total() < number and time.monotonic() < end:
        time.sleep(1 / RATE)
        found = ours(node)
        is_turn = kills.total() % SUPERVISORS == SUPERVISORS - 1
        victims = [pid for pid, name in found.items() if (name == "supervisor") == is_turn]
        if not victims:
            continue  # systemd has yet to start another one
        pid = chance.choice(victims)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        kills[found[pid]] += 1
    return kills


def only_family(node):
    found = ours(node)
    names = Counter(found.values())
    return names if names == FAMILY and all(is_related(pid, found) for pid in found) else None


def is_related(pid, found):
    """Whether its ancestors lead to the supervisor."""
    while found[pid] != "supervisor":
        pid = int(field(proc(pid), "PPid"))
        if pid not in found:
            return False
    return True


def ours(node):
    """Every process in the unit's cgroup, and whatever has left it but runs one of the programs or carries the mark of
    what the bootstrap-agent starts: pid on this machine → name. A dead one that nobody has reaped yet is none."""
    found = {}
    for pid in node.processes().values():
        try:
            is_ours = (
                "/aquarium.service" in (proc(pid) / "cgroup").read_text()
                or "/libexec/aquarium/" in os.readlink(proc(pid) / "exe")
                or b"AQUARIUM_STARTED_BY=" in (proc(pid) / "environ").read_bytes())
            if is_ours and field(proc(pid), "State")[0] not in "ZX":
                found[pid] = field(proc(pid), "Name")
        except OSError:
            continue  # it has ended meanwhile
    return found


def proc(pid):
    return Path(f"/proc/{pid}")
