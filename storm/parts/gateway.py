"""The gateway under HTTP load: reloaded, then killed."""
import signal
import time

from load import Load
from table import Row
from test_reload import READ, pids, reload
from wait import wait_until

CALLERS = 8


def run(node, is_short):
    return [reloaded(node, 3 if is_short else 20), killed(node, 3 if is_short else 12)]


def reloaded(node, times):
    with Load(node, READ, CALLERS) as once, Load(node, READ, CALLERS, keep_alive=True) as kept:
        for _ in range(times):
            reload(node)
    outcomes = once.outcomes + kept.outcomes
    return Row(
        f"gateway reloaded {times} times under HTTP load", "0 refused, 0 lost", told(outcomes, [once, kept]),
        set(outcomes) == {200})


def killed(node, times):
    with Load(node, READ, CALLERS) as load:
        for _ in range(times):
            old = pids(node)["gateway"]
            node.signal(old, signal.SIGKILL)
            wait_until("another gateway serves", 10, lambda: pids(node)["gateway"] not in (None, old), pause=0.01)
            time.sleep(0.3)
    lost = sum(load.outcomes.values()) - load.outcomes[200]
    most = CALLERS * times
    return Row(
        f"gateway killed {times} times under HTTP load", f"0 refused; lost at most what was in flight, {most}",
        told(load.outcomes, [load]), "ConnectionRefusedError" not in load.outcomes and lost <= most)


def told(outcomes, loads):
    lost = {what: number for what, number in outcomes.items() if what != 200}
    names = ", ".join(f"{number} {what}" for what, number in lost.items()) or "none"
    slowest = max(load.slowest for load in loads)
    return (
        f"{sum(outcomes.values())} requests, {outcomes['ConnectionRefusedError']} refused, lost: {names}; "
        f"slowest {slowest:.2f} s")
