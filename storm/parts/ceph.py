"""Manager, monitor and OSD of a real local cluster killed and started again, under an orch-agent that is read from."""
import json
import os
import random
import subprocess
import threading
import time
from collections import Counter

from measure.processes import accepts, folder, until
from measure.status import give_access, local_cluster
from node import REPO
from table import Row, ms, percentile
from wire import Agent

DAEMONS = ("mgr", "mon", "osd.0")
#: The monitor's; the tests and benchmarks take others.
PORT = "35300"
MODULES = "status,test_orchestrator,orchestrator"
READERS = 4
#: What a caller gives a read, in milliseconds.
DEADLINE = 5000
MOST_THREADS = 128
MOST_GROWTH_KB = 64 << 10


def run(is_short):
    seconds = 20 if is_short else 60 * int(os.environ.get("MINUTES", "10"))
    with folder() as d:
        local_cluster("up", f"{d}/c", "--osds", "1", "--port", PORT, "--modules", MODULES)
        try:
            give_access(f"{d}/c/ceph.conf", f"{d}/orch")
            with open(f"{d}/log", "w") as log:
                agent = subprocess.Popen(
                    [REPO / ".build/release/orch-agent", "--socket", f"{d}/s", "--state", f"{d}/orch"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                until(lambda: accepts(f"{d}/s"), 10, "orch-agent", agent)
                return [measure(d, agent, seconds)]
            finally:
                agent.kill()
                agent.wait(10)
        finally:
            local_cluster("stop", f"{d}/c")


def measure(d, agent, seconds):
    readers = [Reader(f"{d}/s", "cluster.status", 0.02) for _ in range(READERS)]
    others = Reader(f"{d}/s", "rpc.discover", 0.01)
    warm_up(f"{d}/s")
    begin = usage(agent.pid)
    most, over = dict(begin), threading.Event()
    watcher = threading.Thread(target=watch, args=[agent, most, over], daemon=True)
    threads = [threading.Thread(target=reader.run, args=[over], daemon=True) for reader in [*readers, others]]
    for thread in [watcher, *threads]:
        thread.start()
    try:
        kills = storm(f"{d}/c", seconds)
    finally:
        over.set()
        for thread in [watcher, *threads]:
            thread.join()
    has_crashed = agent.poll() is not None
    outcomes = sum((reader.outcomes for reader in readers), Counter())
    p99 = percentile(others.took, 99)
    growth = most["VmRSS"] - begin["VmRSS"]
    end = {} if has_crashed else usage(agent.pid)
    kinds = ", ".join(f"{number} {what}" for what, number in outcomes.most_common())
    return Row(
        f"mgr, mon, OSD killed and started again for {seconds} s under reads",
        "no crash, unrelated calls p99 < 50 ms, threads and memory bounded",
        f"{kills} kills; {f'CRASHED, {agent.returncode}' if has_crashed else 'no crash'}; cluster.status: {kinds}; "
        f"{len(others.took)} unrelated calls, p50 {ms(percentile(others.took, 50))}, p99 {ms(p99)}, slowest "
        f"{ms(max(others.took))}; threads {begin['Threads']} → {end.get('Threads')}, at most {most['Threads']}; "
        f"memory {begin['VmRSS'] >> 10} → {end.get('VmRSS', 0) >> 10} MiB, at most {most['VmRSS'] >> 10}",
        not has_crashed and not outcomes["no answer"] and p99 < 0.05 and most["Threads"] <= MOST_THREADS
        and growth <= MOST_GROWTH_KB)


def storm(cluster, seconds):
    """Kills one daemon after the other, leaves it dead for up to six seconds, and waits until the cluster is well."""
    chance, end, kills = random.Random(1), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        name = DAEMONS[kills % len(DAEMONS)]
        local_cluster("kill", cluster, name)
        kills += 1
        time.sleep(chance.uniform(0.5, 6))
        local_cluster("start", cluster, name)
        local_cluster("wait", cluster, "60")
    return kills


class Reader:
    def __init__(self, path, method, rest):
        self.path, self.rest = path, rest
        self.line = json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": method, "meta": {"deadline_ms": DEADLINE}}).encode()
        self.outcomes, self.took = Counter(), []

    def run(self, over):
        while not over.wait(self.rest):
            began = time.monotonic()
            self.outcomes[self.ask()] += 1
            self.took.append(time.monotonic() - began)

    def ask(self):
        """On a connection of its own, so that nobody waits for another's answer."""
        try:
            with Agent(self.path, 2 * DEADLINE / 1000) as agent:
                agent.send(self.line)
                answer = agent.reply()
        except OSError:
            answer = None
        if answer is None:
            return "no answer"
        return "answered" if "result" in answer else answer["error"]["data"]["kind"]


def warm_up(path):
    reader = Reader(path, "cluster.status", 0)
    for _ in range(50):
        reader.ask()


def watch(agent, most, over):
    while not over.wait(0.1) and agent.poll() is None:
        for name, value in usage(agent.pid).items():
            most[name] = max(most[name], value)


def usage(pid):
    """Threads, and memory in KiB."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {name: int(fields[name].split()[0]) for name in ("Threads", "VmRSS")}
