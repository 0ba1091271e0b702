"""The round trip of a call of 300 bytes over a Unix socket, by one C client to each server. All on one core.

echo-agent is a whole agent: typed parameters and result, and a line of log for each call. envelope-echo uses the
library's lines and envelopes alone and leaves the payload undecoded."""
import contextlib
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
    programs = {}
    for name in ("echo-agent", "envelope-echo"):
        found = glob.glob(f"{BUILD}/ipc/*/release/{name}")
        if not found:
            raise FileNotFoundError(f"{name} is not built: run tools/bench ipc without BUILD=0")
        programs[name] = found[0]
    return programs


def measure():
    programs = build()
    results = {}
    with folder() as d:
        commands = {
            "agent": [programs["echo-agent"], "--socket", f"{d}/agent", "--state", d],
            "envelope": [programs["envelope-echo"], f"{d}/envelope"],
            "peer": [f"{BUILD}/echo", f"{d}/peer"],
        }
        with contextlib.ExitStack() as stack:
            for who, command in commands.items():
                server = stack.enter_context(running(who, *pinned(SERVER_CORE, *command)))
                until(lambda who=who: accepts(f"{d}/{who}"), 10, who, server)
            for depth in CALLS:
                for who in commands:
                    run_client(f"{d}/{who}", depth)  # to warm up
                for _ in range(ROUNDS):
                    for who in commands:
                        results.setdefault((who, depth), []).append(run_client(f"{d}/{who}", depth))
    return results


def run_part():
    results = measure()
    for who, title in (("agent", "AgentServer"), ("envelope", "envelopes alone")):
        comparison = Comparison(title, "C echo")
        for figure, depth, column in (
                ("p50, one in flight, µs", 1, 0), ("p99, one in flight, µs", 1, 1),
                ("calls/s, one in flight", 1, 2), ("calls/s, 32 in flight", 32, 2)):
            comparison.add(
                figure, *([values[column] for values in results[name, depth]] for name in (who, "peer")))
        comparison.print()
        print()
