"""run.py [PART…]: harms a real appliance in the ways of each part, and prints one Markdown table of what came of it.

Exits with 1 if something that must be shown was not. tools/storm prepares what it needs and says what the parts are.
"""
import importlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "Tests" / "lab"), str(REPO / "bench")]

from measure import machine
from node import Lab
from table import Row, print_table

#: name of each part → its module, and whether it wants a node of the lab
PARTS = {
    "kills": True, "orphans": True, "gateway": True, "supervisor": True, "hung": True, "loop": True, "state": True,
    "clock": True, "ceph": False,
}


def run_part(name, node, is_short):
    """Gives its rows, and whether it came to its end."""
    began = time.monotonic()
    print(f"storm: {name} …", file=sys.stderr, flush=True)
    try:
        if node:
            forgive(node)
        rows = importlib.import_module(f"parts.{name}").run(*([node] if node else []), is_short)
        has_ended = True
    except Exception as error:  # a part that fails must not cost the figures of the others
        traceback.print_exc()
        rows = [Row(name, "an end", f"broke off: {type(error).__name__}: {error}", False)]
        has_ended = False
    print(f"storm: {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows, has_ended


def run_all(names, is_short):
    rows, node = [], None
    lab = Lab()
    try:
        for name in names:
            if PARTS[name]:
                node = node or lab.new_node()
            more, has_ended = run_part(name, node if PARTS[name] else None, is_short)
            rows += more
            if node and not has_ended:  # nobody knows what was left undone in it
                lab.remove(node)
                node = None
    finally:
        lab.down()
    return rows


def forgive(node):
    """All children run, and the deaths of the part before count no longer."""
    node.wait_for_appliance()
    for name in ("bootstrap", "orch", "gateway"):
        node.call("supervisor", "supervisor.restart", {"name": name})
    node.wait_for_appliance()


def leave(*_):
    """Ends the run, with all that is taken down on the way out; `timeout` signals twice, which must not stop that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def main():
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"storm: there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, leave)
    began = time.monotonic()
    rows = run_all(names, os.environ.get("SHORT") == "1")
    print(machine.header())
    print(f"- took: {time.monotonic() - began:.0f} s\n")
    print_table(rows)
    sys.exit(0 if all(row.is_ok is not False for row in rows) else 1)


main()
