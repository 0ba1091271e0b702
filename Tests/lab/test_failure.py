"""A bootstrap that fails for real: told with its reason, taken back without a trace, and started again."""
import pytest

import cluster
from node import plug


@pytest.fixture(scope="module")
def node(lab):
    """Each test here begins and ends with a node that was never bootstrapped, as far as anybody can see."""
    node = lab.new_node()
    node.wait_for_appliance()
    yield node
    lab.remove(node)


def fail(node, phase, *words):
    """Until it has failed in that phase, for a reason with these words; gives the state."""
    state = cluster.wait_while(node, ("running",), cluster.BOOTSTRAP_LIMIT)
    assert state["status"] == "failed", state
    error = state["error"]
    print(f"  failed in {error['phase']}: {error['message']}\n  hint: {error.get('hint')}")
    assert error["phase"] == phase == state.get("phase"), error
    assert all(word in error["message"] + error.get("hint", "") for word in words), error
    assert sorted(state["actions"]) == ["clean_up", "retry"]
    assert state["ended_at"] and state["log"]
    assert [row["state"] for row in state["phases"] if row["phase"] == phase] == ["failed"]
    return state


def test_an_image_that_is_not_there_is_refused_at_the_start(node):
    choices = cluster.choices_of(node, image="localhost/ceph:later")
    problem = node.request("POST", "/api/bootstrap/start", {"choices": choices}).problem
    assert (problem["kind"], problem["pointer"]) == ("requirement.blocking", "/choices/image"), problem
    assert node.get("/api/bootstrap/status")["status"] == "none"


def test_no_ssh_server(node):
    """cephadm notices only when monitor and manager run: a half-built cluster, which a clean-up takes away."""
    choices = cluster.choices_of(node)
    cluster.start(node, choices)
    node.run("systemctl", "stop", "ssh")
    first = fail(node, "bootstrap", "ssh")
    refused = node.request("POST", "/api/bootstrap/start", {"choices": choices}).problem
    assert (refused["status"], refused["kind"]) == (409, "bootstrap.running") and refused.get("hint")
    node.post("/api/bootstrap/retry")
    state = fail(node, "bootstrap", "ssh")
    assert state["fsid"] == first["fsid"]
    assert list(node.path(f"/var/lib/ceph/{state['fsid']}").glob("mon.*")), "the cluster is half there"
    assert node.run("podman", "ps", "--quiet") != ""
    node.run("systemctl", "start", "ssh")
    cluster.clean_up(node)
    cluster.assert_nothing_remains(node, state["fsid"], node.name)


def unplug_before_osds(node, device):
    """Takes the disk away when the choices have been checked for the last time before the disks' own phase."""
    unplugged = []

    def look(state):
        if state.get("phase") in ("orchestrator", "settings") and not unplugged:
            node.unplug(device)
            unplugged.append(device)

    cluster.wait_while(node, ("running",), cluster.BOOTSTRAP_LIMIT, look)
    assert unplugged


def test_lost_disk(node):
    """One of two disks goes away after the start: its OSD can't be made, and the other's is taken back."""
    choices = cluster.choices_of(node, hostname="storage1")
    (_, (file, device)) = node.disks().items()
    cluster.start(node, choices)
    unplug_before_osds(node, device)
    state = fail(node, "osds", device)
    plug(file, device)
    cluster.clean_up(node)
    cluster.assert_nothing_remains(node, state["fsid"], node.name)


def test_lost_disk_that_comes_back(node):
    """Retry goes on at the phase that failed, with what was done before; after all these failures a cluster stands."""
    choices = cluster.choices_of(node)
    (_, (file, device)) = node.disks().items()
    cluster.start(node, choices)
    unplug_before_osds(node, device)
    failed = fail(node, "osds", device)
    plug(file, device)
    assert node.post("/api/bootstrap/retry")["phase"] == "osds"
    assert cluster.finish(node)["fsid"] == failed["fsid"]
    cluster.assert_cluster(node, choices)
