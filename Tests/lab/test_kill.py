"""A bootstrap that is killed in each of its phases: the agent, the supervisor with all its children, the whole node.

It goes on by itself and ends as a whole cluster. (Failed is allowed where clean-up and a new start then work; the
output tells when it came to that.)
"""
import signal
import time

import cluster
from node import PROCESSES
from wait import wait_until

HOSTNAME, PODMAN = "/usr/bin/hostname", "/usr/bin/podman"


def kill_agent(node):
    node.signal(node.children()["bootstrap"]["pid"], signal.SIGKILL)


def kill_supervisor(node):
    node.signal(node.supervisor_pid(), signal.SIGKILL)


def cut_power(node):
    node.kill()
    node.boot()


def wait_for(node, phase, ripe=lambda state: True):
    """Until the bootstrap is in the middle of that phase."""

    def is_there():
        state = cluster.status(node)
        place = cluster.PHASES.index(state["phase"]) if state["status"] == "running" else len(cluster.PHASES)
        assert place <= cluster.PHASES.index(phase), f"it was not met in {phase}: {state}"
        return state["status"] == "running" and state["phase"] == phase and ripe(state) and state

    return wait_until(f"the bootstrap is in {phase}", cluster.BOOTSTRAP_LIMIT, is_there, pause=0.05)


def has_begun(node, kind):
    """Whether cephadm has made the folder of a daemon, which means that the cluster is half there."""
    return lambda state: any(node.path(f"/var/lib/ceph/{state['fsid']}").glob(f"{kind}.*"))


def is_adding_osds(state):
    return any("daemon add osd" in line for line in state["log"])


def strike(node, phase, kill, ripe=lambda state: True):
    state = wait_for(node, phase, ripe)
    print(f"  {time.strftime('%H:%M:%S')} {kill.__name__} in {phase} at {state['fraction']:.2f}", flush=True)
    kill(node)
    after = wait_until("the status is told again", 60, lambda: cluster.status(node))
    assert after["fsid"] == state["fsid"] and after["status"] in ("running", "failed", "done"), after
    places = [cluster.PHASES.index(phase) for phase in (state["phase"], after.get("phase", "verify"))]
    assert places == sorted(places), f"it went back from {state['phase']} to {after.get('phase')}"
    if after["status"] == "failed":  # the blow has reached the agent's tools before itself, and it has told so
        print(f"  it failed: {after['error']['message'][:200]}", flush=True)
        node.post("/api/bootstrap/retry")


def end(node, choices):
    """Done, at the latest after clean-up and a new start; and nothing of the killed attempts is in the cluster."""
    state = cluster.wait_while(node, ("running",), cluster.BOOTSTRAP_LIMIT)
    if state["status"] == "failed":
        print(f"  it failed: {state['error']}")
        assert state["error"].get("hint") and "clean_up" in state["actions"]
        cluster.clean_up(node)
        cluster.assert_nothing_remains(node, state["fsid"], node.name)
        cluster.start(node, choices)
        state = cluster.finish(node)
    assert state["status"] == "done"
    cluster.assert_cluster(node, choices)


def strike_every_phase(node, kill):
    """With a new name for the node, so that the phase `prepare` has something to do that can be held up."""
    choices = cluster.choices_of(node, hostname="storage1")
    node.hold(HOSTNAME)
    cluster.start(node, choices)
    wait_for(node, "prepare", lambda _: node.is_held(HOSTNAME))
    node.hold(PODMAN)
    strike(node, "prepare", kill)
    node.release(HOSTNAME)
    strike(node, "image", kill, lambda _: node.is_held(PODMAN))
    node.release(PODMAN)
    strike(node, "bootstrap", kill, has_begun(node, "mgr"))
    strike(node, "orchestrator", kill)
    strike(node, "settings", kill)
    strike(node, "osds", kill, is_adding_osds)
    strike(node, "verify", kill)
    end(node, choices)
    assert node.run("hostname").strip() == "storage1" == node.path("/etc/hostname").read_text().strip()
    names = [line for line in node.path("/etc/hosts").read_text().splitlines() if "storage1" in line]
    assert len(names) == 1, names


def test_agent_killed_in_every_phase(fresh):
    strike_every_phase(fresh, kill_agent)
    assert fresh.children()["bootstrap"]["restarts"] == len(cluster.PHASES)


def test_supervisor_killed_in_every_phase(fresh):
    """Its children die with it, and with them what they had started; systemd begins anew."""
    strike_every_phase(fresh, kill_supervisor)
    assert len(fresh.appliance_processes()) == PROCESSES


def test_power_cut_in_every_phase(fresh):
    strike_every_phase(fresh, cut_power)


def test_stopped_in_good_order_and_started_again(fresh):
    """`systemctl stop` in the middle of cephadm's work is no failure: it goes on at the next start."""
    node = fresh
    choices = cluster.choices_of(node)
    choices["disks"] = choices["disks"][:1]
    cluster.start(node, choices)
    wait_for(node, "bootstrap", has_begun(node, "mon"))
    began = time.monotonic()
    node.run("systemctl", "stop", "aquarium")
    took = time.monotonic() - began
    print(f"  stopped in {took:.1f} s")
    assert took <= 15.5 and not node.appliance_processes()
    left = node.try_("pgrep", "--list-full", "--full", "^[^ ]*python3 [^ ]*cephadm").stdout
    assert left == "", f"cephadm goes on without the agent: {left}"
    node.run("systemctl", "start", "aquarium")
    node.wait_for_appliance()
    end(node, choices)
