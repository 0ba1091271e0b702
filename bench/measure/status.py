"""How a cluster is: through the orch-agent's socket; by the ceph program; and what Ceph itself takes to answer what the
agent asks, by librados in a running process."""
import json
import os
import socket
import time

from measure.appliance import PROGRAMS, install
from measure.figures import Comparison, percentile
from measure.processes import REPOSITORY, accepts, folder, run, running, until

ROUNDS = 5
CALLS = 100
PROGRAM_CALLS = 4
CAPS = ["mon", "allow *", "mgr", "allow *", "osd", "allow *"]


def local_cluster(*arguments):
    return run(f"{REPOSITORY}/lab/local-cluster", *arguments, timeout=120)


def timed(action, count):
    """Milliseconds of each."""
    took = []
    for _ in range(count):
        begin = time.monotonic()
        action()
        took.append((time.monotonic() - begin) * 1000)
    return took


class Agent:
    """One connection to an agent."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.connection.settimeout(20)
        self.connection.connect(path)
        self.answers = self.connection.makefile("rb")

    def call(self, method):
        self.connection.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode() + b"\n")
        answer = json.loads(self.answers.readline())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def close(self):
        self.answers.close()
        self.connection.close()


def give_access(conf, state):
    """What the bootstrap-agent writes for the orch-agent."""
    os.makedirs(state)
    keyring = run("ceph", "-c", conf, "auth", "get-or-create", "client.aquarium", *CAPS)
    with open(conf) as file:
        text = file.read().split("[client]")[0]
    for name, content in (("ceph.conf", text), ("ceph.client.aquarium.keyring", keyring)):
        with open(f"{state}/{name}", "w") as file:
            file.write(content)


def librados(conf):
    """A connection of Debian's Python binding; its calls go straight to the C library."""
    import rados
    cluster = rados.Rados(conffile=conf, name="client.admin")
    cluster.connect(timeout=10)
    return cluster


def measure(conf, agent):
    cluster = librados(conf)

    def ask_all():
        for prefix in ("status", "versions", "mgr stat"):
            cluster.mon_command(json.dumps({"prefix": prefix, "format": "json"}), b"")
        cluster.mgr_command(json.dumps({"prefix": "orch ls", "format": "json"}), b"")

    ways = {
        "agent": (lambda: agent.call("cluster.status"), CALLS),
        "program": (lambda: run("ceph", "-c", conf, "status", "--format", "json"), PROGRAM_CALLS),
        "librados": (ask_all, CALLS),
    }
    results = {}
    for action, _ in ways.values():
        action()
    for _ in range(ROUNDS):
        for name, (action, count) in ways.items():
            results.setdefault(name, []).append(timed(action, count))
    cluster.shutdown()
    return results


def run_part():
    install()
    with folder() as d:
        conf, path = f"{d}/c/ceph.conf", f"{d}/orch.sock"
        local_cluster("up", f"{d}/c", "--osds", "1", "--modules", "status,test_orchestrator,orchestrator")
        try:
            give_access(conf, f"{d}/orch")
            with running("orch-agent", f"{PROGRAMS}/orch-agent", "--socket", path, "--state", f"{d}/orch") as process:
                until(lambda: accepts(path), 10, "orch-agent", process)
                agent = Agent(path)
                try:
                    results = measure(conf, agent)
                finally:
                    agent.close()
        finally:
            local_cluster("stop", f"{d}/c")
    for peer, name in (("program", "ceph status"), ("librados", "librados, the same four commands")):
        comparison = Comparison("cluster.status", name)
        for percent in (50, 99):
            comparison.add(
                f"p{percent}, ms", *([percentile(took, percent) for took in results[who]] for who in ("agent", peer)))
        comparison.print()
