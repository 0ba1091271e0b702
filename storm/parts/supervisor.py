"""The supervisor killed under load, under the node's own systemd."""
import signal
import time

from load import Load
from table import Row, ms
from test_reload import READ, lives, pids
from wait import wait_until

CALLERS = 8


def run(node, is_short):
    times = 2 if is_short else 10
    gone, back = [], []
    sockets = node.listening_sockets()
    with Load(node, READ, CALLERS) as load:
        for _ in range(times):
            first, second = kill(node)
            gone.append(first)
            back.append(second)
            node.wait_for_appliance()
    lost = sum(load.outcomes.values()) - load.outcomes[200]
    refused = load.outcomes["ConnectionRefusedError"]
    are_same = node.listening_sockets() == sockets
    return [Row(
        f"supervisor killed {times} times under HTTP load, by systemd started again",
        "0 refused connections, children gone ≤ 100 ms, back ≤ 1 s",
        f"{sum(load.outcomes.values())} requests, {refused} refused, {lost} in flight lost; children gone after "
        f"{ms(min(gone))} to {ms(max(gone))}, back after {ms(min(back))} to {ms(max(back))}; "
        f"{'the same' if are_same else 'OTHER'} sockets",
        not refused and max(gone) <= 0.1 and max(back) <= 1 and are_same, counts_hold=not refused and are_same)]


def kill(node):
    """Gives how long the children outlived it, and when a request was answered again."""
    hosts = node.processes()
    children = [hosts[pid] for pid in pids(node).values()]
    old = node.supervisor_pid()
    node.signal(old, signal.SIGKILL)
    began = time.monotonic()
    wait_until("the children are gone", 5, lambda: not any(lives(pid) for pid in children), pause=0.001)
    gone = time.monotonic() - began
    wait_until("it serves again", 10, lambda: node.request("GET", READ, limit=5).status == 200, pause=0.01)
    assert node.supervisor_pid() != old
    return gone, time.monotonic() - began
