"""The appliance as a service of a node: installed and started."""
import json
import os
import re
import stat
import subprocess

from openapi_spec_validator import validate

from node import REPO
from wait import wait_until

CHILDREN = {"bootstrap": "root", "orch": "aquarium-orch", "gateway": "aquarium-gateway"}


# MARK: what is installed


def test_files_are_where_a_package_would_put_them(node):
    programs = ("supervisor", "gateway", "bootstrap-agent", "orch-agent")
    files = [f"/usr/libexec/aquarium/{name}" for name in programs] + [
        "/usr/lib/systemd/system/aquarium.service", "/usr/lib/systemd/system/aquarium.target",
        "/usr/lib/sysusers.d/aquarium.conf", "/usr/lib/tmpfiles.d/aquarium.conf", "/usr/share/aquarium/web/index.html",
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
