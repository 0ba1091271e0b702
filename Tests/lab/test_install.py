"""The appliance as a service of a node: installed, started and confined."""
import json
import os
import re
import stat
import subprocess

import pytest
from openapi_spec_validator import validate

from node import AGENTS, REPO, field
from wait import wait_until

CHILDREN = {"bootstrap": "root", "orch": "aquarium-orch", "gateway": "aquarium-gateway"}
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


@pytest.fixture
def node(appliance):
    appliance.run("systemctl", "reset-failed")
    appliance.wait_for_appliance()
    yield appliance
    appliance.wait_for_appliance()


# MARK: what is installed


def test_files_are_where_a_package_would_put_them(node):
    programs = ("supervisor", "gateway", "bootstrap-agent", "orch-agent")
    files = [f"/usr/libexec/aquarium/{name}" for name in programs] + [
        "/usr/lib/systemd/system/aquarium.service", "/usr/lib/sysusers.d/aquarium.conf",
        "/usr/lib/tmpfiles.d/aquarium.conf", "/usr/share/aquarium/web/index.html",
        "/usr/bin/aquariumctl", "/usr/share/man/man1/aquariumctl.1",
        "/usr/share/bash-completion/completions/aquariumctl", "/usr/share/zsh/vendor-completions/_aquariumctl",
        "/usr/share/fish/vendor_completions.d/aquariumctl.fish"]
    for file in files:
        mode = node.path(file).stat().st_mode
        assert stat.S_IMODE(mode) == (0o755 if "libexec" in file or "/bin/" in file else 0o644), file
    folders = ["/usr/libexec/aquarium", "/usr/share/aquarium", "/etc/aquarium", "/var/lib/aquarium"]
    loose = node.run("find", *folders, "(", "-perm", "/o+w", "-o", "-perm", "/u+s,g+s", "-o", "-not", "-uid", "0",
                     ")", "-not", "-type", "l", "-not", "-path", "/var/lib/aquarium/orch*")
    assert loose == "", f"open to others, set-uid or not root's: {loose}"


def test_uninstall_leaves_nothing_of_what_was_installed(tmp_path):
    for target in ("install", "uninstall"):
        subprocess.run(
            ["make", "-s", target, f"DESTDIR={tmp_path}"], cwd=REPO, check=True, timeout=60, capture_output=True)
        files = [path for path in tmp_path.rglob("*") if not path.is_dir()]
        assert (len(files) > 20) if target == "install" else not files, f"{target}: {files}"


def test_state_belongs_to_its_agent_alone(node):
    owners = node.run("stat", "--format", "%n %U %a", "/var/lib/aquarium/bootstrap", "/var/lib/aquarium/orch")
    for line in owners.splitlines():
        path, owner, mode = line.split()
        assert owner == CHILDREN[os.path.basename(path)] and mode in ("700", "750"), line


def test_programs_need_only_libraries_that_a_node_has(node):
    programs = [f"/usr/libexec/aquarium/{name}" for name in ("supervisor", "gateway", "bootstrap-agent", "orch-agent")]
    for program in programs + ["/usr/bin/aquariumctl"]:
        assert "not found" not in node.run("ldd", program)


# MARK: the service


def test_service_is_active_and_says_how_its_children_are(node):
    assert node.run("systemctl", "is-enabled", "aquarium").strip() == "enabled"
    assert node.run("systemctl", "is-active", "aquarium").strip() == "active"
    status = node.run("systemctl", "status", "--no-pager", "aquarium")
    for child in CHILDREN:
        assert re.search(rf'Status: ".*{child} running', status), status
    properties = dict(
        line.split("=", 1) for line in node.run("systemctl", "show", "aquarium").splitlines() if "=" in line)
    assert properties["Type"] == "notify"
    assert properties["WatchdogUSec"] not in ("0", "infinity") and properties["WatchdogTimestampMonotonic"] != "0"


def test_watchdog_is_fed(node):
    def fed():
        shown = node.run("systemctl", "show", "--property", "WatchdogTimestampMonotonic", "--value", "aquarium")
        return int(shown)

    before = fed()
    wait_until("the watchdog is fed again", 20, lambda: fed() > before)


def test_page_and_api_are_served(node):
    page = node.request("GET", "/")
    assert page.status == 200 and b"<html" in page.body.lower()
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    document = node.get("/api/openapi.json")
    assert document["openapi"].startswith("3.1")
    validate(document)
    assert node.get("/api/bootstrap/status")["status"] == "none"
    assert node.request("GET", "/api/cluster/status").problem["kind"] == "cluster.absent"


def test_request_id_is_in_the_log_of_every_process_it_passes(node):
    node.request("POST", "/api/bootstrap/retry", {}, {"X-Request-Id": "lab-test-4711"})

    def logged():
        lines = node.run("journalctl", "--unit", "aquarium", "--output", "cat", "--no-pager", "--grep", "lab-test-4711")
        return {json.loads(line)["component"] for line in lines.splitlines()} >= {"gateway", "bootstrap-agent"}

    wait_until("the request's id is in the journal", 5, logged)


# MARK: confinement


def test_every_child_has_its_user_and_no_more_rights_than_it_needs(node):
    for name, child in node.children().items():
        process = node.path(f"/proc/{child['pid']}")
        uid, gid = (int(node.run("id", flag, CHILDREN[name])) for flag in ("-u", "-g"))
        assert field(process, "Uid").split() == [str(uid)] * 4, name
        assert field(process, "Gid").split() == [str(gid)] * 4, name
        if CHILDREN[name] == "root":
            continue
        group = node.run("getent", "group", "aquarium").split(":")[2]
        assert field(process, "Groups").split() == [group], name
        assert {field(process, kind) for kind in CAPABILITY_SETS} == {"0" * 16}, name
        assert field(process, "NoNewPrivs") == "1", name
        limits = (process / "limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), f"{name} could leave a dump of its memory: {limits}"
        assert not set((process / "environ").read_text().split("\0")) & {"HOME=/root"}, name


def test_every_child_has_just_the_descriptors_it_needs(node):
    listeners = listening_sockets(node)
    for name, child in node.children().items():
        descriptors = node.path(f"/proc/{child['pid']}/fd")
        targets = {int(fd): os.readlink(descriptors / fd) for fd in os.listdir(descriptors)}
        assert targets[0] == "/dev/null" and targets[1] == targets[2] and targets[1].startswith("pipe:"), targets
        files = [target for target in targets.values() if target.startswith("/")]
        assert set(files) <= {"/dev/null"}, f"{name} has files open: {files}"
        held = {path for path, inode in listeners.items() if f"socket:[{inode}]" in targets.values()}
        assert held == {"tcp" if name == "gateway" else f"/run/aquarium/{name}.sock"}, f"{name} listens on {held}"


def listening_sockets(node):
    """Path (or `tcp` for the gateway's port) → inode, of all that the appliance listens on."""
    found = {}
    for line in node.path(f"/proc/{node.supervisor_pid()}/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if len(words) == 8 and words[7].startswith("/run/aquarium/") and words[5] == "01":  # SS_UNCONNECTED
            found[words[7]] = words[6]
    for line in node.path(f"/proc/{node.supervisor_pid()}/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(":1F90") and words[3] == "0A":  # port 8080, TCP_LISTEN
            found["tcp"] = words[9]
    assert set(found) >= {"tcp"} | {f"/run/aquarium/{name}.sock" for name in AGENTS}, found
    return found


def test_sockets_have_the_modes_that_keep_others_out(node):
    paths = ["/run/aquarium"] + [f"/run/aquarium/{name}.sock" for name in AGENTS]
    shown = node.run("stat", "--format", "%n %U:%G %a", *paths).splitlines()
    assert shown[0] == "/run/aquarium root:aquarium 750"
    assert shown[1:] == [f"{path} root:aquarium 660" for path in paths[1:]]


@pytest.mark.parametrize("user, reached", [
    ("root", {"bootstrap": "answer", "orch": "answer", "supervisor": "answer"}),
    ("aquarium-gateway", {"bootstrap": "answer", "orch": "answer", "supervisor": "answer"}),
    # It runs as that user itself, so there it is at home.
    ("aquarium-orch", {"bootstrap": "peer.refused", "orch": "answer", "supervisor": "peer.refused"}),
    ("nobody", {"bootstrap": "no way in", "orch": "no way in", "supervisor": "no way in"}),
])
def test_only_those_in_the_topology_may_talk_to_an_agent(node, user, reached):
    groups = ["--clear-groups"] if user in ("root", "nobody") else ["--groups", "aquarium"]
    gid = node.run("id", "-g", user).strip()
    assert {name: reach(node, user, gid, groups, name) for name in AGENTS} == reached


CLIENT = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(10)
client.connect(sys.argv[1])
try:
    client.sendall(b'{"method":"rpc.discover"}\\n')
except BrokenPipeError:
    pass  # refused already; it says why
sys.stdout.write(client.makefile().readline())
"""


def reach(node, user, gid, groups, agent):
    """What somebody gets who connects and asks."""
    socket = f"/run/aquarium/{agent}.sock"
    done = node.try_("setpriv", "--reuid", user, "--regid", gid, *groups, "python3", "-c", CLIENT, socket)
    if "Permission denied" in done.stderr:
        return "no way in"
    reply = json.loads(done.stdout)
    return reply["error"]["data"]["kind"] if "error" in reply else "answer"
