"""The wall clock jumps under the supervisor, which keeps keys by it.

A node shares the machine's clock, which is not touched: libfaketime (Debian's) stands between the supervisor and
its clock, and reads from a file how far off it is to be. Clocks that don't jump are left alone.
"""
import contextlib
import shutil
import time
import uuid
from datetime import datetime
from pathlib import Path

from table import Row
from wait import wait_until

LIBRARY = "*/faketime/libfaketimeMT.so.1"  # below /usr/lib, by the machine's architecture
DROP_IN = "/etc/systemd/system/aquarium.service.d/clock.conf"
OFFSET = "/run/clock-offset"
HOUR, DAY = 3600, 86_400

#: name, seconds, and whether a key of before is known then: keys are kept for a day
JUMPS = [("2 hours ahead", 2 * HOUR, True), ("a day back", -DAY, True), ("three days ahead", 3 * DAY, False)]


def run(node, is_short):
    with jumping_clock(node):
        return [jump(node, *what) for what in (JUMPS[-1:] if is_short else JUMPS)]


@contextlib.contextmanager
def jumping_clock(node):
    shutil.copy(next(Path("/usr/lib").glob(LIBRARY)), node.path("/opt/libfaketime.so.1"))
    set_clock(node, 0)
    drop_in = node.path(DROP_IN)
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text(
        "[Service]\nEnvironment=LD_PRELOAD=/opt/libfaketime.so.1 FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1"
        f" DONT_FAKE_MONOTONIC=1 FAKETIME_TIMESTAMP_FILE={OFFSET}\n")
    restart_service(node)
    try:
        yield
    finally:
        drop_in.unlink()
        restart_service(node)


def restart_service(node):
    node.run("systemctl", "daemon-reload")
    node.run("systemctl", "restart", "aquarium")
    node.wait_for_appliance()


def set_clock(node, seconds):
    node.path(OFFSET).write_text(f"{seconds:+d}\n")


def clock(node):
    """What the supervisor takes for now."""
    child = node.call("supervisor", "supervisor.restart", {"name": "orch"})
    return datetime.fromisoformat(child["since"]).timestamp()


def jump(node, name, seconds, is_remembered):
    set_clock(node, 0)
    key = str(uuid.uuid4())
    first = restart(node, key)
    before = {name: child["pid"] for name, child in node.children().items()}
    set_clock(node, seconds)
    time.sleep(8)  # longer than a heartbeat may be missing
    after = {name: child["pid"] for name, child in node.children().items()}
    is_served = node.request("GET", "/api/supervisor/status").status == 200
    restart(node, str(uuid.uuid4()))  # which is when keys that are too old are forgotten
    again = restart(node, key)
    off = clock(node) - time.time()
    wait_until("the appliance serves", 10, lambda: node.request("GET", "/api/supervisor/status").status == 200)
    has_jumped = abs(off - seconds) < 60
    remembered = again == first
    return Row(
        f"clock jump, {name}", "nobody ended or refused; a key is known for a day by the clock",
        f"the supervisor's clock is off by {off / HOUR:.1f} h; children {'untouched' if before == after else 'ENDED'} in 8 s; "
        f"{'served' if is_served else 'NOT SERVED'}; a key of before is {'known' if remembered else 'forgotten'}",
        has_jumped and before == after and is_served and remembered == is_remembered)


def restart(node, key):
    return node.call("supervisor", "supervisor.restart", {"name": "orch"}, {"op": key})
