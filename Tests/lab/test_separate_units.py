"""The same programs as systemd units of their own, with socket activation and without the supervisor."""
import re
import signal

import pytest

import hijack
import ways
from wait import wait_until

#: what `systemd-analyze security` may give at most, of 10
MOST = {"aquarium-gateway.service": 1.0, "aquarium-orch-agent.service": 1.5}


def answers(node):
    assert b"<html" in node.request("GET", "/").body
    assert node.get("/api/bootstrap/status")["status"] == "none"
    assert node.request("GET", "/api/cluster/status").problem["kind"] == "cluster.absent"
    assert node.call("bootstrap", "bootstrap.status")["status"] == "none"


@pytest.fixture(scope="module")
def units(appliance):
    """The node, changed over to separate units, and back at the end."""
    answers(appliance)
    ways.start(appliance, "units")
    yield appliance
    ways.start(appliance, "supervisor")
    answers(appliance)
    assert not any(ways.is_active(appliance, f"{unit}.{kind}") for unit in ways.UNITS.values()
                   for kind in ("service", "socket"))


def test_starting_them_stops_the_supervisor_and_everything_answers(units):
    assert not ways.is_active(units, "aquarium.service")
    answers(units)
    shown = units.run("stat", "--format", "%n %U:%G %a", "/run/aquarium/orch.sock", "/run/aquarium/bootstrap.sock")
    assert all(line.endswith(".sock root:aquarium 660") for line in shown.splitlines()), shown


def test_without_a_supervisor_its_operations_say_so(units):
    problem = units.request("GET", "/api/supervisor/status").problem
    assert problem["kind"] == "agent.unavailable" and "no supervisor" in problem["hint"], problem


@pytest.mark.parametrize("name", ways.UNITS)
def test_a_killed_process_is_back_and_nobody_is_refused(units, name):
    before = ways.pids(units, "units")
    units.signal(before[name], signal.SIGKILL)
    answers(units)
    after = ways.pids(units, "units")
    assert after[name] not in (0, before[name])
    assert {other for other in before if after[other] != before[other]} == {name}


@pytest.mark.parametrize("name", ["orch", "gateway"])
def test_a_hung_process_is_replaced(units, name):
    before = ways.pids(units, "units")[name]
    units.signal(before, signal.SIGSTOP)
    wait_until(f"{name} is replaced", 10, lambda: ways.pids(units, "units")[name] not in (0, before))
    answers(units)


@pytest.mark.parametrize("unit", MOST)
@pytest.mark.parametrize("kept, reason", [
    ("landlock_create_ruleset", r"landlock_create_ruleset: Operation not permitted"),
    ("landlock_restrict_self", r"landlock_restrict_self: Operation not permitted"),
    ("seccomp", r"seccomp_init: Operation not supported")])
def test_what_can_not_be_confined_does_not_serve(units, unit, kept, reason):
    """A unit that has been edited keeps a system call from it that it confines itself with."""
    if kept.startswith("landlock") and not hijack.has_landlock():
        pytest.skip("this kernel has no Landlock")
    edit = units.path(f"/etc/systemd/system/{unit}.d/narrower.conf")
    edit.parent.mkdir()
    edit.write_text(f"[Service]\nSystemCallFilter=~{kept}\nRestart=no\n")
    mark = ways.mark(units)
    try:
        units.run("systemctl", "daemon-reload")
        assert units.try_("systemctl", "restart", unit).returncode == 1
        wait_until("it says why", 10, lambda: any(
            re.search(rf"can't be confined \({reason}\), and unconfined it does not serve", line)
            for line in ways.events(units, mark)), pause=0.5)
        assert not any("ready" in line for line in ways.events(units, mark))
    finally:
        edit.unlink()
        edit.parent.rmdir()
        units.run("systemctl", "daemon-reload")
        units.run("systemctl", "start", unit)
    answers(units)


@pytest.mark.parametrize("unit", MOST)
def test_systemd_thinks_little_of_what_they_could_do(units, unit):
    """The score that systemd gives to the rights of a unit: 10 is a root service with all of them."""
    report = units.run("systemd-analyze", "security", "--no-pager", "--offline=true", f"/usr/lib/systemd/system/{unit}")
    score = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", report)[1])
    print(f"{unit}: {score}")
    assert score <= MOST[unit], report
