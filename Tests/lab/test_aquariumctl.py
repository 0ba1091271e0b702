"""The command line on a real node: as it is installed, as a person and as a script use it."""
import json
import re
import subprocess

import pytest

from wait import wait_until


@pytest.fixture
def node(appliance):
    appliance.wait_for_appliance()
    yield appliance
    appliance.wait_for_appliance()


def ctl(node, *arguments, limit=60):
    """Runs it, whatever comes of it."""
    return node.try_("aquariumctl", *arguments, limit=limit)


def test_status_for_a_person_and_for_a_script(node):
    shown = ctl(node, "supervisor", "status")
    assert shown.returncode == 0 and not shown.stderr
    assert re.search(r"^ +NAME +STATE +PID ", shown.stdout, re.M), shown.stdout
    assert re.search(r"^ +orch +running ", shown.stdout, re.M), shown.stdout
    assert "\x1b" not in shown.stdout, "no colour where no terminal is"
    result = json.loads(ctl(node, "bootstrap", "status", "--json").stdout)
    assert result == node.call("bootstrap", "bootstrap.status")


def test_every_declared_method_is_a_command(node):
    for agent in ("bootstrap", "orch", "supervisor"):
        document = json.loads(ctl(node, "discover", agent).stdout)
        for method in document["methods"]:
            words = [word.replace("_", "-") for word in method["name"].split(".")]
            help_ = ctl(node, *words, "--help")
            assert help_.returncode == 0 and method["summary"].split()[0] in help_.stdout, method["name"]


def test_restart_gives_the_child_another_pid(node):
    before = node.children()["orch"]["pid"]
    done = ctl(node, "supervisor", "restart", "--name", "orch")
    assert done.returncode == 0, done.stderr
    wait_until("orch runs again", 10, lambda: node.children()["orch"]["state"] == "running")
    assert node.children()["orch"]["pid"] != before


def test_exit_codes_and_what_is_said(node):
    refused = ctl(node, "cluster", "status")
    assert refused.returncode == 1 and "Kind: cluster.absent" in refused.stderr and "Hint: " in refused.stderr
    unknown = ctl(node, "supervisor", "restart", "--name", "nobody")
    assert unknown.returncode == 1 and "Parameter: /name" in unknown.stderr
    for words in (["supervisor", "restart"], ["cluster", "log", "--lines", "0"], ["no-such"], ["logs"]):
        usage = ctl(node, *words)
        assert usage.returncode == 2 and not usage.stdout and "--help" in usage.stderr, words
    assert ctl(node, "--version").stdout.strip()


def test_who_may_not_is_told_so(node):
    done = node.try_("setpriv", "--reuid", "nobody", "--clear-groups", "aquariumctl", "cluster", "status")
    assert done.returncode == 1
    assert "permission denied" in done.stderr and "run as root" in done.stderr
    # It may open the socket, but the agent is not for it.
    stranger = ("setpriv", "--reuid", "aquarium-orch", "--regid", "aquarium-orch", "--groups", "aquarium")
    done = node.try_(*stranger, "aquariumctl", "bootstrap", "status")
    assert done.returncode == 1 and "Kind: peer.refused" in done.stderr, done.stderr


def test_a_stopped_appliance_is_told_with_what_to_do(node):
    node.run("systemctl", "stop", "aquarium")
    try:
        done = ctl(node, "supervisor", "status")
    finally:
        node.run("systemctl", "start", "aquarium")
    assert done.returncode == 1 and "systemctl status aquarium" in done.stderr, done.stderr


def test_a_line_by_hand(node):
    done = ctl(node, "call", "orch", '{"id":1,"method":"cluster.status"}')
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["data"]["kind"] == "cluster.absent"


def test_watch_tells_changes_and_ends_well_on_ctrl_c(node):
    script = "aquariumctl watch --interval 0.1 >/tmp/watched & "
    script += "until grep -q 'process orch: running' /tmp/watched; do sleep 0.05; done; "
    script += "aquariumctl supervisor restart --name orch >/dev/null; "
    script += "until [ $(grep -c 'process orch: running' /tmp/watched) = 2 ]; do sleep 0.05; done; "
    script += "kill -INT $!; wait $!"
    node.run("bash", "-c", script, limit=20)


def test_logs_show_what_was_logged(node):
    node.run("aquariumctl", "supervisor", "restart", "--name", "gateway")
    wait_until("the gateway has said so", 10, lambda: " ready" in ctl(node, "logs", "gateway", "-n", "5").stdout)
    raw = ctl(node, "logs", "gateway", "-n", "1", "--json").stdout
    assert json.loads(raw)["component"] == "gateway"


def test_logs_are_followed_through_a_restart_of_the_process_until_ctrl_c(node):
    script = "aquariumctl logs -f -n 1 gateway >/tmp/followed & "
    script += "until [ -s /tmp/followed ]; do sleep 0.05; done; "
    script += "aquariumctl supervisor restart --name gateway >/dev/null; "
    script += "until grep -q ' stopping' /tmp/followed && sed 1d /tmp/followed | grep -q ' ready'; do sleep 0.05; done; "
    script += "kill -INT $!; wait $!"
    node.run("bash", "-c", script, limit=20)


def test_logs_are_followed_through_a_restart_of_the_supervisor_which_is_told(node):
    script = "aquariumctl logs -f -n 1 gateway >/tmp/followed-on 2>/tmp/told & "
    script += "until [ -s /tmp/followed-on ]; do sleep 0.05; done; "
    script += "systemctl restart aquarium; "
    script += "until grep -q 'was started again' /tmp/told && tail -n 1 /tmp/followed-on | grep -q ' ready'; "
    script += "do sleep 0.05; done; kill -INT $!; wait $!"
    node.run("bash", "-c", script, limit=40)


# MARK: what is installed with it


@pytest.mark.parametrize("shell, script, loaded", [
    ("bash", "/usr/share/bash-completion/completions/aquariumctl", "complete -p aquariumctl"),
    ("zsh", "/usr/share/zsh/vendor-completions/_aquariumctl", "whence -w _aquariumctl"),
    ("fish", "/usr/share/fish/vendor_completions.d/aquariumctl.fish", "complete -c aquariumctl | grep -q supervisor"),
])
def test_completion_loads(node, shell, script, loaded):
    file = node.path(script)
    # -D: without a dump, which compinit would put in the place of whatever file it is told.
    begin = "autoload -U compinit; compinit -u -D; " if shell == "zsh" else ""
    done = subprocess.run(
        [shell, "-c", f"{begin}source {file} && {loaded}"], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr


def test_manual_pages_are_found_and_without_a_warning(node):
    folder = node.path("/usr/share/man")
    for page in ("aquariumctl", "aquariumctl-bootstrap-clean-up", "aquariumctl-watch"):
        found = subprocess.run(
            ["man", "--manpath", folder, "--where", page], timeout=20, capture_output=True, text=True)
        assert found.stdout.strip().endswith(f"/{page}.1"), found.stderr
    pages = sorted(folder.glob("man1/aquariumctl*.1"))
    assert len(pages) > 10
    for page in pages:
        shown = subprocess.run(
            ["man", "--warnings", "--local-file", page], timeout=20, capture_output=True, text=True)
        assert shown.returncode == 0 and not shown.stderr, f"{page.name}: {shown.stderr}"
        assert "EXIT STATUS" in shown.stdout.replace("\b", ""), page.name
