#!/usr/bin/python3
"""run.py PART…: measures, and prints Markdown tables. tools/bench prepares what it needs and says what the parts are."""
import importlib
import signal
import sys

from measure import machine

PARTS = ["ipc", "http", "start", "memory", "status", "bootstrap"]


def main():
    names = sys.argv[1:] or PARTS
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"bench: there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    # So that whatever runs is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(machine.header(), flush=True)
    failed = []
    for name in names:
        print(f"\n## {name}\n", flush=True)
        try:
            importlib.import_module(f"measure.{name}").run_part()
        except Exception as error:  # a part that fails must not cost the figures of the others
            failed.append(name)
            print(f"Not measured: {type(error).__name__}: {error}", flush=True)
    sys.exit(f"bench: not measured: {', '.join(failed)}" if failed else 0)


main()
