"""Each child stopped by SIGSTOP: alive, and deaf."""
import signal
import time

from clients import CHILDREN
from table import Row
from test_supervision import running
from wait import wait_until


def run(node, is_short):
    took = {name: replace(node, name) for name in CHILDREN}
    return [Row(
        "SIGSTOP of each child", "replaced ≤ 6 s",
        ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()), max(took.values()) <= 6)]


def replace(node, name):
    old = node.children()[name]["pid"]
    node.signal(old, signal.SIGSTOP)
    began = time.monotonic()

    def is_new():
        child = running(node, name)
        return child and child["pid"] != old

    wait_until(f"{name} is replaced", 15, is_new, pause=0.05)
    return time.monotonic() - began
