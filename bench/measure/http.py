"""A call through the gateway over HTTP. The servers share one core, wrk has the other.

proxying: the gateway and nginx, each alone in front of a C program that answers at the least cost. whole: gateway,
bootstrap-agent and the supervisor that takes their log lines, beside two nginx."""
import contextlib
import os
import re

from measure import nginx
from measure.appliance import PROGRAMS, appliance, get, install
from measure.figures import Comparison
from measure.processes import (
    BUILD, CLIENT_CORE, REPOSITORY, SERVER_CORE, accepts, folder, free_port, pinned, run, running, until)

PATH = "/api/bootstrap/status"
ROUNDS = 9
SECONDS = 2
MICROSECONDS = {"us": 1, "ms": 1000, "s": 1_000_000}


def wrk(port, connections):
    """(requests/s, p50, p99 in µs) of one round."""
    out = run(
        *pinned(CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "5s", "--latency",
                f"http://127.0.0.1:{port}{PATH}"), timeout=SECONDS + 30)
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"not all requests were answered:\n{out}")

    def latency(percent):
        value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", out, re.MULTILINE).groups()
        return float(value) * MICROSECONDS[unit]

    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), latency(50), latency(99)


def compare(ours, peer, ports):
    results = {}
    for connections in (1, 32):
        for _ in range(ROUNDS):
            for who, port in ports.items():
                results.setdefault((who, connections), []).append(wrk(port, connections))
    comparison = Comparison(ours, peer)
    for connections in (1, 32):
        for column, figure in enumerate(("requests/s", "p50, µs", "p99, µs")):
            comparison.add(
                f"{figure}, {connections} connection{'s' if connections > 1 else ''}",
                *([values[column] for values in results[who, connections]] for who in ports))
    comparison.print()


def answer(port):
    status, headers, body = get(port, PATH)
    if status != 200:
        raise RuntimeError(f"{PATH} answered {status}: {body[:200]}")
    return headers, body


@contextlib.contextmanager
def gateway(body):
    """Alone, its log in a file, in front of a program that answers with that body. Yields the port."""
    with folder() as d, running("agent", *pinned(SERVER_CORE, f"{BUILD}/agent", f"{d}/bootstrap.sock", body)):
        port = free_port()
        command = pinned(
            SERVER_CORE, f"{PROGRAMS}/gateway", "--run-dir", d, "--web", d, "--listen", f"127.0.0.1:{port}")
        with running("gateway", *command) as process:
            until(lambda: accepts(("127.0.0.1", port)), 10, "gateway", process)
            yield port


def proxying(body):
    with gateway(body) as port, folder() as d:
        headers, answered = answer(port)
        origin = running("origin", *pinned(SERVER_CORE, f"{BUILD}/origin", f"{d}/origin.sock", body))
        with origin as process:
            until(lambda: accepts(f"{d}/origin.sock"), 10, "origin", process)
            with nginx.proxy(headers, f"{d}/origin.sock") as (_, peer):
                if answer(peer)[1] != answered:
                    raise RuntimeError("nginx answers with another body")
                compare("gateway", "nginx", {"ours": port, "peer": peer})


def run_part():
    install()
    os.makedirs(BUILD, exist_ok=True)
    for name in ("agent", "origin"):
        run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", f"{BUILD}/{name}", f"{REPOSITORY}/bench/http/{name}.c")
    with appliance() as ours:
        headers, body = answer(ours.port)
        with nginx.nginx(headers, body) as (_, _, peer):
            compare("gateway → agent", "nginx → nginx", {"ours": ours.port, "peer": peer})
    print()
    proxying(body.decode())
