"""What requirements.check sees of a node as it changes, and that start and plan heed it."""
import os

import pytest

from node import plug
from wait import wait_until


@pytest.fixture(scope="module")
def node(appliance):
    return appliance


def row(node, name):
    return next(row for row in node.get("/api/requirements")["rows"] if row["id"] == name)


def choices(node):
    return node.get("/api/requirements")["defaults"]


def refused(node, chosen):
    """The problem with which plan and start refuse these choices, both in the same way."""
    plan = node.request("POST", "/api/bootstrap/plan", {"choices": chosen}).problem
    start = node.request("POST", "/api/bootstrap/start", {"choices": chosen}).problem
    assert node.get("/api/bootstrap/status")["status"] == "none"
    assert (plan["kind"], plan.get("pointer")) == (start["kind"], start.get("pointer")), (plan, start)
    return start


def test_a_new_node_is_fit(node):
    answer = node.get("/api/requirements")
    assert answer["verdict"] != "blocking", answer["rows"]
    assert {"cpu", "memory", "disks", "hostname", "addresses", "time_sync", "ssh", "container_engine", "image", "ports",
            "cluster", "space"} <= {row["id"] for row in answer["rows"]}
    assert all(row["actual"] and row["needed"] for row in answer["rows"])
    assert [address["address"] for address in answer["addresses"]] == [node.address]
    usable = {disk["path"]: disk["size_bytes"] for disk in answer["disks"] if disk["is_usable"]}
    assert usable == {device: file.stat().st_size for file, device in node.disks().items()}


@pytest.mark.parametrize("name, verdict, spoil, mend", [
    ("ssh", "blocking", "systemctl stop ssh", "systemctl start ssh"),
    ("time_sync", "warning", "systemctl stop chrony", "systemctl start chrony"),
    ("cluster", "blocking", "mkdir -p /etc/ceph; touch /etc/ceph/ceph.conf", "rm /etc/ceph/ceph.conf"),
    ("ports", "blocking", "systemd-run --unit taken socat TCP-LISTEN:3300,fork,reuseaddr -", "systemctl stop taken"),
    ("hostname", "warning", "hostname storage1.example.com", "hostname n1"),
])
def test_what_is_not_fit_is_seen_with_a_hint(node, name, verdict, spoil, mend):
    chosen = choices(node)
    mend = mend.replace("n1", node.name)
    node.run("sh", "-c", spoil)
    try:
        found = wait_until(f"{name} is not ok", 10, lambda: (seen := row(node, name))["verdict"] != "ok" and seen)
        assert found["verdict"] == verdict and found.get("hint"), found
        if verdict == "blocking":
            problem = refused(node, chosen)
            assert (problem["status"], problem["kind"]) == (409, "requirement.blocking"), problem
            assert problem.get("hint")
    finally:
        node.run("sh", "-c", mend)
    wait_until(f"{name} is ok again", 20, lambda: row(node, name)["verdict"] == "ok")


def disk(node, device):
    return next((disk for disk in node.get("/api/requirements")["disks"] if disk["path"] == device), None)


@pytest.mark.parametrize("word, spoil, mend", [
    ("ext4", "mkfs.ext4 -q {}", "wipefs --all --quiet {}"),
    ("LVM", "pvcreate --quiet --force {}", "wipefs --all --quiet {}"),
    ("read-only", "blockdev --setro {}", "blockdev --setrw {}"),
])
def test_a_disk_that_is_not_blank_is_not_usable(node, word, spoil, mend):
    chosen = choices(node)
    device = chosen["disks"][0]["path"]
    node.run("sh", "-c", spoil.format(device))
    try:
        seen = disk(node, device)
        assert not seen["is_usable"] and word in " ".join(seen["reasons"]), seen
        assert device not in [disk["path"] for disk in choices(node)["disks"]], "it is not proposed"
        problem = refused(node, chosen)
        assert (problem["kind"], problem.get("pointer")) == ("disk.unusable", "/choices/disks/0"), problem
    finally:
        node.run("sh", "-c", mend.format(device))
    assert disk(node, device)["is_usable"]


def test_a_disk_in_use_is_not_usable(node):
    device = choices(node)["disks"][0]["path"]
    node.run("sh", "-c", f"mkfs.ext4 -q {device}; mount {device} /mnt")
    try:
        seen = disk(node, device)
        assert not seen["is_usable"] and "/mnt" in " ".join(seen["reasons"]), seen
    finally:
        node.run("sh", "-c", f"umount /mnt; wipefs --all --quiet {device}")


# MARK: disks that move between choosing and starting


@pytest.fixture
def moved(node):
    """The node's two disks as (file, device); put back as they were."""
    before = node.disks()
    sizes = {file: file.stat().st_size for file in before}
    yield list(before.items())
    for file, device in before.items():
        os.truncate(file, sizes[file])
        plug(file, device)
    wait_until("the disks are usable again", 10, lambda: len(choices(node)["disks"]) == len(before))


def test_disks_that_changed_names_are_refused(node, moved):
    chosen = choices(node)
    (file1, device1), (file2, device2) = moved
    plug(file2, device1)
    plug(file1, device2)
    problem = refused(node, chosen)
    assert (problem["status"], problem["kind"]) == (409, "disk.moved"), problem
    assert problem.get("pointer") == "/choices/disks/0", problem
    assert problem.get("hint") and device1 in problem["detail"] and device2 in problem["detail"], problem


def test_a_disk_of_another_size_is_refused(node, moved):
    chosen = choices(node)
    (file, device) = moved[1]
    os.truncate(file, file.stat().st_size + (1 << 30))
    plug(file, device)
    problem = refused(node, chosen)
    assert (problem["kind"], problem.get("pointer")) == ("disk.moved", "/choices/disks/1"), problem


def test_a_disk_that_is_gone_is_refused(node, moved):
    chosen = choices(node)
    node.unplug(moved[0][1])
    problem = refused(node, chosen)
    assert (problem["kind"], problem.get("pointer")) == ("disk.moved", "/choices/disks/0"), problem
