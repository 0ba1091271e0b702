"""A bootstrap over HTTP, and the cluster that comes of it, held against what Ceph itself says."""
import time

from wait import wait_until

PHASES = ["prepare", "image", "bootstrap", "orchestrator", "settings", "osds", "verify"]
#: Warnings that a new cluster on one small node may have for a reason.
EXPLAINED = {"MON_DISK_LOW", "POOL_NO_REDUNDANCY", "CEPHADM_STRAY_DAEMON", "CEPHADM_STRAY_HOST", "RECENT_CRASH"}
#: From start to done takes about a minute; a loaded machine gets more.
BOOTSTRAP_LIMIT = 300


def choices_of(node, **others):
    """What the page proposes, with some of it changed."""
    requirements = node.get("/api/requirements")
    blocking = [row for row in requirements["rows"] if row["verdict"] == "blocking"]
    assert not blocking and requirements["defaults"], blocking
    return {**requirements["defaults"], **others}


def status(node):
    return node.get("/api/bootstrap/status")


def start(node, choices, key=None):
    return node.post("/api/bootstrap/start", {"choices": choices}, key)


def wait_while(node, states, limit, look=lambda state: None):
    """Follows the bootstrap, through deaths of everything, until it is in none of these states; gives its state."""
    told = None

    def ended():
        nonlocal told
        state = status(node)
        now = (state["status"], state.get("phase"))
        if now != told:
            print(f"  {time.strftime('%H:%M:%S')} {' '.join(filter(None, now))} {state['fraction']:.2f}", flush=True)
            told = now
        look(state)
        return state["status"] not in states and state

    return wait_until(f"the bootstrap ends being {' or '.join(states)}", limit, ended)


def finish(node, look=lambda state: None, limit=BOOTSTRAP_LIMIT):
    """Until it is done, which it must become."""
    state = wait_while(node, ("running",), limit, look)
    assert state["status"] == "done", f"{state.get('error')} log: {state['log'][-30:]}"
    assert state["fraction"] == 1 and state["actions"] == [] and state.get("error") is None
    return state


def clean_up(node, limit=180):
    """From failed back to none, which must come of it."""
    assert node.post("/api/bootstrap/clean_up")["status"] in ("cleaning", "none")
    state = wait_while(node, ("cleaning",), limit)
    assert state["status"] == "none", f"{state.get('error')} log: {state['log'][-30:]}"
    return state


def assert_nothing_remains(node, fsid, hostname):
    """As if there had never been a bootstrap."""
    state = status(node)
    assert state["actions"] == ["start"] and not state["log"] and state["fraction"] == 0, state
    assert {phase["state"] for phase in state["phases"]} == {"waiting"}
    for path in ("/etc/ceph/ceph.conf", "/etc/ceph/ceph.client.admin.keyring", "/etc/ceph/ceph.pub",
                 f"/var/lib/ceph/{fsid}", f"/var/log/ceph/{fsid}", f"/run/ceph/{fsid}",
                 "/var/lib/aquarium/orch/ceph.conf", "/var/lib/aquarium/orch/ceph.client.aquarium.keyring"):
        assert not node.path(path).exists(), f"{path} remains"
    units = node.run("systemctl", "list-units", "--all", "--plain", "--no-legend", f"*{fsid}*")
    assert units == "" and not list(node.path("/etc/systemd/system").glob(f"*{fsid}*")), units
    assert node.run("podman", "ps", "--all", "--quiet") == ""
    assert node.run("cephadm", "ls", "--no-detail").strip() == "[]"
    assert node.try_("pgrep", "--list-full", "ceph-(mon|mgr|osd|crash)").returncode == 1
    keys = node.path("/root/.ssh/authorized_keys")
    assert not keys.exists() or fsid not in keys.read_text()
    assert node.run("hostname").strip() == hostname and node.path("/etc/hostname").read_text().strip() == hostname
    assert "aquarium" not in node.path("/etc/hosts").read_text()
    requirements = node.get("/api/requirements")
    assert requirements["verdict"] != "blocking", requirements["rows"]
    unusable = [disk for disk in requirements["disks"] if not disk["is_usable"] and not disk["is_system"]]
    assert not unusable, f"disks that are not as they were: {unusable}"
    assert node.request("GET", "/api/cluster/status").problem["kind"] == "cluster.absent"


def assert_cluster(node, choices):
    """A monitor, a manager, and as many OSDs up and in as disks were chosen: what the API says and Ceph confirms."""
    number = len(choices["disks"])
    seen = None

    def healthy():
        nonlocal seen
        seen = answer = node.get("/api/cluster/status")
        codes = {check["code"] for check in answer["health"]["checks"]}
        return (
            (answer["health"]["status"] == "ok" or codes and codes <= EXPLAINED)
            and answer["manager"]["is_available"] and not answer["freshness"]["is_stale"] and answer)

    try:
        answer = wait_until("the health is ok, or explained", 90, healthy, pause=1)
    except AssertionError as error:
        raise AssertionError(f"{error}: {seen}") from None
    assert answer["osds"] == {"total": number, "up": number, "in": number}, answer["osds"]
    assert answer["monitors"]["quorum"] == [choices["hostname"]], answer["monitors"]
    osds = node.ceph("osd", "dump")["osds"]
    assert [(osd["up"], osd["in"]) for osd in osds] == [(1, 1)] * number, f"no OSD too many, none dead: {osds}"
    assert node.ceph("fsid")["fsid"] == answer["fsid"] == status(node)["fsid"]
    stored = {f"/dev/{device}" for osd in node.ceph("osd", "metadata") for device in osd["devices"].split(",")}
    assert stored == {disk["path"] for disk in choices["disks"]}
    return answer
