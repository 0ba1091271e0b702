"""The short form of parts of `make storm`, judged by what they count: how long things take is the machine's matter too."""
import importlib
import sys

import pytest

from node import REPO

sys.path.append(str(REPO / "storm"))


@pytest.mark.parametrize("part", ["kills", "orphans", "gateway", "supervisor"])
def test_nothing_is_refused_lost_done_twice_or_left_behind(node, part):
    rows = importlib.import_module(f"parts.{part}").run(node, is_short=True)
    for row in rows:
        print(f"{row.test}: {row.measured}")
    assert all(row.is_ok if row.counts_hold is None else row.counts_hold for row in rows)
