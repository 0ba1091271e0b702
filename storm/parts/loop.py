"""A child whose program exits at once for ever."""
import time

from clients import CHILDREN
from table import Row, ms, percentile
from test_reload import cpu, crash_looping

ASKED = 200


def run(node, is_short):
    return [row(node, name, 3 if is_short else 35) for name in CHILDREN]


def row(node, name, seconds):
    """More than 30 s have one of the tries in them that the supervisor makes."""
    with crash_looping(node, name):
        times = [answer_time(node, name) for _ in range(ASKED)]
        before = cpu(node)
        time.sleep(seconds)
        used = (cpu(node) - before) / seconds
    p50, p99 = percentile(times, 50), percentile(times, 99)
    return Row(
        f"{name} exits at once for ever", "crash-loop answer ≤ 10 ms, CPU near 0",
        f"{ASKED} answers: p50 {ms(p50)}, p99 {ms(p99)}, slowest {ms(max(times))}; supervisor {used:.1%} of a core "
        f"over {seconds} s", p99 <= 0.01 and used <= 0.01)


def answer_time(node, name):
    """From a request to its answer, on a connection of its own."""
    if name == "gateway":
        connection = node.connect()
        with connection:
            began = time.monotonic()
            connection.sendall(b"GET / HTTP/1.1\r\nHost: n1\r\n\r\n")
            answer = connection.recv(65536)
    else:
        began = time.monotonic()
        with node.agent(name) as agent:
            agent.send(b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}')
            answer = agent.replies.readline()
    took = time.monotonic() - began
    assert b"agent.crash_loop" in answer, answer
    return took
