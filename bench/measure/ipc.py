"""The round trip of a call of 300 bytes over a Unix socket, by one C client to both servers. All on one core."""
import glob
import os

from measure.figures import Comparison
from measure.processes import BUILD, REPOSITORY, SERVER_CORE, accepts, folder, pinned, run, running, until

ROUNDS = 7
CALLS = {1: 20_000, 32: 100_000}


def run_client(path, depth):
    out = run(*pinned(SERVER_CORE, f"{BUILD}/client", path, str(depth), str(CALLS[depth])), timeout=120)
    p50, p99, rate = map(float, out.split())
    return p50 / 1000, p99 / 1000, rate


def build():
    os.makedirs(BUILD, exist_ok=True)
    for name in ("client", "echo"):
        run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", f"{BUILD}/{name}", f"{REPOSITORY}/bench/ipc/{name}.c")
    agents = glob.glob(f"{BUILD}/ipc/*/release/echo-agent")
    if not agents:
        raise FileNotFoundError("echo-agent is not built: run tools/bench ipc without BUILD=0")
    return agents[0]


def measure():
    agent = build()
    results = {}
    with folder() as d:
        servers = {"ours": f"{d}/ours", "peer": f"{d}/peer"}
        commands = {"ours": [agent, "--socket", servers["ours"], "--state", d], "peer": [f"{BUILD}/echo", servers["peer"]]}
        with running("echo-agent", *pinned(SERVER_CORE, *commands["ours"])) as ours, \
                running("echo", *pinned(SERVER_CORE, *commands["peer"])) as peer:
            until(lambda: accepts(servers["ours"]), 10, "echo-agent", ours)
            until(lambda: accepts(servers["peer"]), 10, "echo", peer)
            for depth in CALLS:
                for path in servers.values():
                    run_client(path, depth)  # to warm up
                for _ in range(ROUNDS):
                    for who, path in servers.items():
                        results.setdefault((who, depth), []).append(run_client(path, depth))
    return results


def run_part():
    results = measure()
    comparison = Comparison("AgentServer", "C echo")

    def add(figure, depth, column):
        comparison.add(
            figure, *([values[column] for values in results[who, depth]] for who in ("ours", "peer")))

    add("p50, one in flight, µs", 1, 0)
    add("p99, one in flight, µs", 1, 1)
    add("calls/s, one in flight", 1, 2)
    add("calls/s, 32 in flight", 32, 2)
    comparison.print()
