"""From nothing to a cluster over HTTP, and what that cluster is then, held against the `ceph` program in the node."""
import json
import re
import stat
import time
from uuid import uuid4

import pytest

import cluster
from watch import Events, Watch, timed
from wait import wait_until


@pytest.fixture(scope="module")
def node(lab):
    node = lab.new_node()
    node.wait_for_appliance()
    yield node
    lab.remove(node)


@pytest.fixture(scope="module")
def done(node):
    """The node with a cluster, for the tests after the first; made here when one of them runs alone."""
    if cluster.status(node)["status"] == "none":
        cluster.start(node, cluster.choices_of(node))
    return cluster.finish(node)


def test_from_nothing_to_a_cluster_over_http(node):
    events = Events(node)
    requirements = node.get("/api/requirements")
    assert requirements["verdict"] in ("ok", "warning"), requirements["rows"]
    assert all(row.get("hint") for row in requirements["rows"] if row["verdict"] != "ok")
    assert not any(disk["is_usable"] for disk in requirements["disks"] if disk["is_system"])
    choices = requirements["defaults"]
    assert {disk["path"] for disk in choices["disks"]} == set(node.disks().values())
    assert choices["hostname"] == node.name and choices["address"] == node.address

    plan = node.post("/api/bootstrap/plan", {"choices": choices})
    assert [step["phase"] for step in plan["steps"]] == cluster.PHASES
    assert plan["raw_bytes"] == sum(disk["size_bytes"] for disk in choices["disks"])
    assert plan["pool_size"] == 2 and plan["usable_bytes"] == plan["raw_bytes"] // 2 and plan["warnings"]
    [bootstrap] = [step["commands"] for step in plan["steps"] if step["phase"] == "bootstrap"]
    assert bootstrap[0][0].endswith("/cephadm") and "bootstrap" in bootstrap[0] and node.address in bootstrap[0]
    assert cluster.status(node)["status"] == "none", "a plan changes nothing"

    key = str(uuid4())
    first = cluster.start(node, choices, key)
    assert first["status"] == "running" and first["fsid"]
    other = node.request("POST", "/api/bootstrap/start", {"choices": choices}).problem
    assert (other["status"], other["kind"]) == (409, "bootstrap.running") and other.get("hint")
    again = cluster.start(node, choices, key)
    assert again["fsid"] == first["fsid"] and again["started_at"] == first["started_at"], "the same run"
    different = {**choices, "disks": choices["disks"][:1]}
    conflict = node.request("POST", "/api/bootstrap/start", {"choices": different}, {"Idempotency-Key": key}).problem
    assert (conflict["status"], conflict["kind"]) == (409, "op.conflict")
    for action in ("retry", "clean_up"):
        assert node.request("POST", f"/api/bootstrap/{action}", {}).problem["kind"] == "bootstrap.running"

    seen = []
    state = cluster.finish(node, seen.append)
    fractions = [state["fraction"] for state in seen]
    assert all(0 <= fraction <= 1 for fraction in fractions) and fractions == sorted(fractions), fractions
    assert [phase["state"] for phase in state["phases"]] == ["done"] * len(cluster.PHASES)
    assert state["fsid"] == first["fsid"] and state["started_at"] < state["ended_at"]
    print(f"done in {duration(node)} s")
    cluster.assert_cluster(node, choices)

    assert cluster.start(node, choices, key)["status"] == "done", "the key still stands for this run"
    late = node.request("POST", "/api/bootstrap/start", {"choices": choices}).problem
    assert (late["status"], late["kind"]) == (409, "bootstrap.done")
    told = [event["status"] for event in events.of("bootstrap")]
    assert told[0] == "none" and "running" in told and told[-1] == "done", told
    wait_until("the events tell of the cluster", 15, lambda: any("status" in event for event in events.of("cluster")))
    events.close()


def duration(node):
    lines = node.run(
        "journalctl", "--unit", "aquarium", "--output", "short-unix", "--no-pager", "--grep", "phase begins")
    times = [float(line.split()[0]) for line in lines.splitlines() if line[:1].isdigit()]
    return round(time.time() - times[0], 1) if times else "?"


# MARK: the truth


def test_cluster_status_is_what_ceph_says(node, done):
    def agree():
        ours, theirs = node.get("/api/cluster/status"), node.ceph("status")
        health = {"HEALTH_OK": "ok", "HEALTH_WARN": "warning", "HEALTH_ERR": "error"}[theirs["health"]["status"]]
        same = (
            ours["fsid"] == theirs["fsid"] and ours["health"]["status"] == health
            and {check["code"] for check in ours["health"]["checks"]} == set(theirs["health"]["checks"])
            and ours["monitors"]["quorum"] == theirs["quorum_names"]
            and ours["osds"]["up"] == theirs["osdmap"]["num_up_osds"]
            and ours["capacity"]["total_bytes"] == theirs["pgmap"]["bytes_total"])
        return ours if same else None

    ours = wait_until("the API and ceph agree on the status", 30, agree)
    assert ours["health"]["summary"] and all(check["message"] for check in ours["health"]["checks"])
    versions = node.ceph("versions")["overall"]
    assert sum(ours["versions"].values()) == sum(versions.values())
    running = {service["type"]: service["running"] for service in ours["services"]}
    daemons = [daemon["daemon_type"] for daemon in node.ceph("orch", "ps")]
    assert running == {type: daemons.count(type) for type in set(daemons)}
    assert (running["mon"], running["osd"]) == (1, len(node.disks())), running
    assert running["mgr"] == 1 + ours["manager"]["standby_count"]


def test_hosts_are_what_ceph_says(node, done):
    theirs = [
        (host["hostname"], host["addr"], host["labels"], host["status"]) for host in node.ceph("orch", "host", "ls")]
    answer = node.get("/api/hosts")
    assert [(host["name"], host["address"], host["labels"], host["status"]) for host in answer["hosts"]] == theirs
    assert not answer["freshness"]["is_stale"]


def test_devices_are_what_ceph_says(node, done):
    def agree():
        theirs = {
            (host["name"], device["path"]): (int(device["sys_api"]["size"]), device["available"])
            for host in node.ceph("orch", "device", "ls") for device in host["devices"]}
        ours = {
            (device["host"], device["path"]): (device["size_bytes"], device["is_available"])
            for device in node.get("/api/devices")["devices"]}
        return ours == theirs and {path for _, path in ours} == set(node.disks().values())

    wait_until("the API and ceph agree on the devices", 60, agree, pause=1)


def test_daemons_are_what_ceph_says(node, done):
    def agree():
        theirs = {
            f"{daemon['daemon_type']}.{daemon['daemon_id']}": (daemon["hostname"], daemon["status_desc"])
            for daemon in node.ceph("orch", "ps")}
        ours = {daemon["name"]: (daemon["host"], daemon["status"]) for daemon in node.get("/api/daemons")["daemons"]}
        return ours == theirs and {"mon", "mgr", "osd"} <= {name.split(".")[0] for name in ours}

    wait_until("the API and ceph agree on the daemons", 60, agree, pause=1)


def test_osds_are_what_ceph_says(node, done):
    theirs = {osd["id"]: (osd["kb"] * 1024, osd["device_class"]) for osd in node.ceph("osd", "df")["nodes"]}
    ours = {osd["id"]: (osd["total_bytes"], osd["device_class"]) for osd in node.get("/api/osds")["osds"]}
    assert ours == theirs and len(ours) == len(node.disks())
    assert all(osd["is_up"] and osd["is_in"] and osd["host"] == node.name for osd in node.get("/api/osds")["osds"])


def test_cluster_log_is_what_ceph_says(node, done):
    ours = node.get("/api/cluster/log?lines=20")["entries"]
    theirs = {entry["message"] for channel in ("cluster", "cephadm")
              for entry in node.ceph("log", "last", "1000", "debug", channel)}
    assert 0 < len(ours) <= 20
    assert {entry["message"] for entry in ours} <= theirs
    assert [entry["at"] for entry in ours] == sorted(entry["at"] for entry in ours)


def test_settings_of_a_single_node(node, done):
    """A pool is healthy on one host: its copies lie on different OSDs."""
    node.run("ceph", "osd", "pool", "create", "probe", "8")
    try:
        pool = node.ceph("osd", "pool", "get", "probe", "size")
        assert pool["size"] == 2
        node.run("ceph", "osd", "pool", "application", "enable", "probe", "test")
        wait_until("its placement groups are clean", 60, lambda: all(
            state["state_name"] == "active+clean" for state in node.ceph("status")["pgmap"]["pgs_by_state"]))
        wait_until("the API says so", 30, lambda: node.get("/api/cluster/status")["health"]["status"] == "ok", pause=1)
    finally:
        node.run("ceph", "config", "set", "mon", "mon_allow_pool_delete", "true")
        node.run("ceph", "osd", "pool", "rm", "probe", "probe", "--yes-i-really-really-mean-it")
        node.run("ceph", "config", "rm", "mon", "mon_allow_pool_delete")


# MARK: keys


def test_keys_are_for_their_owners_only(node, done):
    def owner_and_mode(path):
        return tuple(node.run("stat", "--format", "%U %a", path).split())

    folder = "/var/lib/aquarium/orch"
    assert owner_and_mode(f"{folder}/ceph.client.aquarium.keyring") == ("aquarium-orch", "600")
    assert owner_and_mode(f"{folder}/ceph.conf") == ("aquarium-orch", "640")
    assert owner_and_mode("/etc/ceph/ceph.client.admin.keyring") == ("root", "600")
    for user in ("aquarium-gateway", "aquarium-orch", "nobody"):
        readable = node.try_("setpriv", "--reuid", user, "--regid", "nogroup", "--groups", "aquarium",
                             "cat", "/etc/ceph/ceph.client.admin.keyring")
        assert readable.returncode == 1, user
    private = node.path("/var/lib/aquarium/bootstrap").iterdir()
    loose = [path for path in private if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert not loose, loose


def test_the_appliances_own_key_can_read_and_nothing_else(node, done):
    [entry] = node.ceph("auth", "get", "client.aquarium")
    assert entry["caps"] == {"mon": "allow r", "mgr": "allow r"}, entry["caps"]
    access = ["--conf", "/var/lib/aquarium/orch/ceph.conf", "--name", "client.aquarium",
              "--keyring", "/var/lib/aquarium/orch/ceph.client.aquarium.keyring", "--connect-timeout", "10"]
    assert node.try_("ceph", *access, "status").returncode == 0
    for change in (["osd", "set", "noout"], ["auth", "get-key", "client.admin"], ["orch", "host", "rm", "n9"],
                   ["config", "set", "global", "debug_ms", "1"]):
        assert node.try_("ceph", *access, *change).returncode != 0, change


def test_no_key_is_in_a_log_an_answer_or_an_argument(node, done):
    keys = [entry["key"] for entry in node.ceph("auth", "ls")["auth_dump"]]
    private = node.path("/var/lib/aquarium/bootstrap")
    texts = {
        "the journal": node.run("journalctl", "--no-pager", "--output", "export"),
        "bootstrap.status": json.dumps(cluster.status(node)),
        **{str(path): path.read_text(errors="replace") for path in private.iterdir() if path.is_file()},
        **{f"the log of {name}": "".join(node.call("supervisor", "supervisor.logs", {"name": name})["lines"])
           for name in ("bootstrap", "orch", "gateway")},
        "the processes' arguments": node.run("ps", "-eww", "-o", "args"),
    }
    for where, text in texts.items():
        assert not [key for key in keys if key in text], f"a key is in {where}"


# MARK: when the manager dies


def managers(node):
    """The units of the manager daemons: one is active, others stand by."""
    listing = node.run("systemctl", "list-units", "--plain", "--no-legend", "ceph-*@mgr.*")
    units = [line.split()[0] for line in listing.splitlines()]
    assert units, "no manager runs"
    return units


def test_a_standby_takes_over_from_a_killed_manager(node, done):
    """The orch-agent goes to the new one by itself."""
    before = wait_until("a second manager stands by", 90, lambda: (
        manager := node.get("/api/cluster/status")["manager"])["standby_count"] and manager)
    pid = node.children()["orch"]["pid"]
    [unit] = [unit for unit in managers(node) if f"@mgr.{before['active_name']}." in unit]
    node.run("systemctl", "kill", "--signal", "KILL", unit)
    node.run("systemctl", "stop", unit)  # else systemd brings it back before the monitors notice

    def taken_over():
        now = timed(node, "/api/cluster/status", 6)
        is_another = now["manager"].get("active_name") not in (None, before["active_name"])
        return is_another and not now["freshness"]["is_stale"]

    try:
        wait_until("another manager is active and answers", 90, taken_over, pause=0.5)
        wait_until("the hosts are fresh, too", 60, lambda: not timed(node, "/api/hosts", 6)["freshness"]["is_stale"])
    finally:
        node.try_("systemctl", "reset-failed", unit)
        node.run("systemctl", "start", unit)
    wait_until("the killed one stands by", 60, lambda: node.get("/api/cluster/status")["manager"]["standby_count"] ==
               before["standby_count"], pause=1)
    assert node.children()["orch"]["pid"] == pid, "the agent has lived through it"


def test_dead_managers_delay_nobody_and_are_told(node, done):
    units = managers(node)
    pid = node.children()["orch"]["pid"]
    for path in ("/api/hosts", "/api/devices", "/api/daemons", "/api/osds"):
        assert not node.get(path)["freshness"]["is_stale"], path
    slow = Watch(node, ["/api/bootstrap/status", "/api/supervisor/status", "/api/openapi.json"])
    node.run("systemctl", "kill", "--signal", "KILL", *units)
    node.run("systemctl", "stop", *units)
    killed = time.monotonic()
    try:
        def stale():
            answer = timed(node, "/api/cluster/status", 6)
            return answer["freshness"]["is_stale"] and answer

        answer = wait_until("cluster.status says that it is stale", 20, stale)
        assert answer["freshness"].get("since") and answer["freshness"].get("reason")
        assert answer["osds"]["up"] == len(node.disks()), "what the monitors know is still told"
        for path in ("/api/hosts", "/api/devices", "/api/daemons", "/api/osds"):
            assert timed(node, path, 6)["freshness"]["is_stale"], path

        def noticed():
            answer = timed(node, "/api/cluster/status", 6)
            return not answer["manager"]["is_available"] and answer

        answer = wait_until("the monitors notice", 60, noticed, pause=1)
        print(f"the monitors noticed {time.monotonic() - killed:.0f} s after the kill")
        assert answer["freshness"]["is_stale"] and answer["freshness"].get("reason"), answer["freshness"]
    finally:
        node.try_("systemctl", "reset-failed", *units)
        node.run("systemctl", "start", *units)
    worst = slow.stop()
    print(f"meanwhile other requests took at most {worst:.2f} s")
    assert worst < 1.5

    def fresh():
        answer = node.get("/api/cluster/status")
        return answer["manager"]["is_available"] and not answer["freshness"]["is_stale"]

    wait_until("all is fresh again", 60, fresh, pause=1)
    wait_until("the hosts, too", 30, lambda: not node.get("/api/hosts")["freshness"]["is_stale"], pause=1)
    assert node.children()["orch"]["pid"] == pid, "the agent has lived through it"


def test_no_process_was_refused_a_system_call_that_it_needs(node, done):
    """A bootstrap, all views of the cluster, managers killed: nothing of it is foreign to the processes' filters."""
    lines = node.run("journalctl", "--unit", "aquarium", "--output", "cat", "--no-pager").splitlines()
    assert sum("system calls are confined" in line for line in lines) >= 2, "they have filters"
    refused = [line for line in lines if "refused a system call" in line]
    # librados would name one of its threads; it is told as no more than information.
    assert [line for line in refused if not re.search(r'"level":"info".*"path":"/proc/self/task/\d+/comm"', line)] == []


def answers(node, daemon):
    return node.try_("ceph", "--connect-timeout", "20", "tell", daemon, "version").returncode == 0


def test_the_cluster_survives_a_power_cut(node, done):
    """With the node come back the appliance and its cluster, as they were."""
    fsid = node.ceph("osd", "dump")["fsid"]
    node.kill()
    node.boot()
    node.wait_for_appliance(60)
    assert cluster.status(node)["status"] == "done"
    wait_until("the API answers for the cluster again", 60, lambda: node.get("/api/cluster/status")["fsid"] == fsid)
    # For a while the monitor counts as up what was up before.
    for number in range(len(done["choices"]["disks"])):
        wait_until(f"osd.{number} answers itself", 120, lambda osd=f"osd.{number}": answers(node, osd))
    cluster.assert_cluster(node, done["choices"])
