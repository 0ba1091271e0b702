"""A call through gateway and agent over HTTP. The servers share one core, wrk has the other."""
import re

from measure import nginx
from measure.appliance import appliance, get, install
from measure.figures import Comparison
from measure.processes import CLIENT_CORE, pinned, run

PATH = "/api/bootstrap/status"
ROUNDS = 5
SECONDS = 4
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


def size(port):
    _, headers, body = get(port, PATH)
    return sum(len(name) + len(value) + 4 for name, value in headers), len(body)


def run_part():
    install()
    results = {}
    with appliance() as ours:
        status, headers, body = ours.get(PATH)
        if status != 200:
            raise RuntimeError(f"{PATH} answered {status}: {body[:200]}")
        with nginx.nginx(headers, body) as (_, _, peer_port):
            ports = {"ours": ours.port, "peer": peer_port}
            sizes = {who: size(port) for who, port in ports.items()}
            for connections in (1, 32):
                for _ in range(ROUNDS):
                    for who, port in ports.items():
                        results.setdefault((who, connections), []).append(wrk(port, connections))
    comparison = Comparison("gateway → agent", "nginx → nginx")
    for connections in (1, 32):
        for column, figure in enumerate(("requests/s", "p50, µs", "p99, µs")):
            comparison.add(
                f"{figure}, {connections} connection{'s' if connections > 1 else ''}",
                *([values[column] for values in results[who, connections]] for who in ports))
    comparison.print()
    print("Answers: " + ", ".join(f"{who} {head} bytes of headers and {body} of body" for who, (head, body) in sizes.items()))
