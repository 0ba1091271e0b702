"""Tests of the appliance in real lab nodes: real systemd, sshd, podman, cephadm and Ceph.

What a failed test leaves to look at (journals, bootstrap log, …) goes to $AQUARIUM_ARTIFACTS/lab/<test>/<node>.
"""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

import harm
from node import REPO, TOOL, Lab
from wait import wait_until

ARTIFACTS = Path(os.environ.get("AQUARIUM_ARTIFACTS", REPO / "Tests" / "artifacts")) / "lab"


def pytest_configure(config):
    # A runner whose time is up sends SIGTERM: as with Ctrl-C, the labs are then taken down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def machine():
    """A machine that can run a lab; else everything here is skipped."""
    check = subprocess.run([TOOL, "check"], timeout=60, capture_output=True, text=True)
    if check.returncode != 0:
        pytest.skip(f"no lab can run here: {check.stdout}{check.stderr}")


@pytest.fixture
def bare_lab(machine):
    """A lab without nodes, which may be taken down by the test itself."""
    lab = Lab()
    yield lab
    lab.down()


@pytest.fixture(scope="session")
def lab(machine):
    """The lab that the nodes with the appliance share."""
    lab = Lab()
    yield lab
    lab.down()


@pytest.fixture(scope="module")
def appliance(lab):
    """A node with the appliance and no cluster. A test leaves it as it found it."""
    node = lab.new_node()
    node.wait_for_appliance()
    # What the first look leaves behind is no test's doing: podman's lock files, and the gateway's one connection to
    # each agent, which it keeps.
    node.get("/api/requirements")
    node.get("/api/supervisor/status")
    node.request("GET", "/api/cluster/status")
    yield node
    lab.remove(node)


@pytest.fixture
def node(appliance):
    """The same for tests that restart its processes or kill them: all run before and after, whatever came between."""
    appliance.run("systemctl", "reset-failed")
    appliance.wait_for_appliance()
    yield appliance
    appliance.wait_for_appliance()


@pytest.fixture
def fresh(lab):
    """A node with the appliance, for one test alone."""
    node = lab.new_node()
    node.wait_for_appliance()
    yield node
    lab.remove(node)


@pytest.fixture
def unharmed(appliance):
    """After the test: nothing begun, no file written, the same processes alive, no descriptor lost."""
    before = harm.state(appliance)
    yield
    # A connection that was refused in the middle of a long request ends when it was idle for 60 s.
    after = wait_until("all descriptors are closed again", 75, lambda: harm.closed_again(appliance, before), pause=0.5)
    assert after["pids"] == before["pids"], "a process died of it"
    assert after["bootstrap"] == before["bootstrap"]
    changed = set(after["files"].items()) ^ set(before["files"].items())
    assert not changed, f"files were written: {sorted(changed)[:20]}"


@pytest.fixture(autouse=True)
def narrate(request):
    begin = time.monotonic()
    print(f"\n--- {request.node.name}", flush=True)
    yield
    print(f"--- {request.node.name}: {time.monotonic() - begin:.1f} s", flush=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and report.when != "teardown":
        folder = ARTIFACTS / re.sub(r"[^\w.-]+", "-", item.name)
        for node in [node for lab in Lab.open for node in lab.nodes.values()]:
            try:
                node.collect(folder / node.name)
            except Exception as error:  # the test's own failure matters more
                print(f"could not collect from {node.name}: {error!r}")
        report.sections.append(("Kept", str(folder)))
    return report
