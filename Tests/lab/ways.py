"""The two ways in which the appliance runs in a node: under its supervisor, and as one systemd unit per process."""
import json

from wait import wait_until

#: child → its systemd unit where it has one of its own
UNITS = {"bootstrap": "aquarium-bootstrap-agent", "orch": "aquarium-orch-agent", "gateway": "aquarium-gateway"}
WAYS = ("supervisor", "units")
TARGET = "aquarium.target"


def start(node, way):
    """Changes over to that way, which stops the other, and waits until the page is served."""
    if way == "units":
        node.path("/etc/systemd/system/aquarium-gateway.socket.d").mkdir(parents=True, exist_ok=True)
        node.path("/etc/systemd/system/aquarium-gateway.socket.d/listen.conf").write_text(
            f"[Socket]\nListenStream=\nListenStream={node.address}:8080\n")
        node.run("systemctl", "daemon-reload")
        node.run("systemctl", "disable", "aquarium.service")
        node.run("systemctl", "enable", "--now", TARGET)
        for unit in UNITS.values():
            wait_until(f"{unit} is active", 30, lambda unit=unit: is_active(node, f"{unit}.service"))
        wait_until("the page is served", 10, lambda: node.request("GET", "/", limit=5).status == 200)
    else:
        node.run("systemctl", "disable", TARGET)
        node.run("systemctl", "enable", "--now", "aquarium.service")
        node.wait_for_appliance()


def is_active(node, unit):
    return node.try_("systemctl", "is-active", unit).stdout.strip() == "active"


def pids(node, way):
    """The appliance's processes by the name of the child."""
    if way == "supervisor":
        return {name: child["pid"] for name, child in node.children().items()}
    return {name: main_pid(node, f"{unit}.service") for name, unit in UNITS.items()}


def main_pid(node, unit):
    return int(node.run("systemctl", "show", "--property", "MainPID", "--value", unit))


def mark(node):
    """Where the log ends now."""
    shown = node.run("journalctl", "--lines", "0", "--show-cursor", "--no-pager")
    return shown.strip().splitlines()[-1].removeprefix("-- cursor: ")  # before it: -- No entries --


def events(node, since):
    """Lines of the appliance's log after that mark, whichever way it ran."""
    # Not --unit: with it journalctl passes over the first line after a cursor that is another unit's.
    units = {f"{unit}.service" for unit in ("aquarium", *UNITS.values())}
    shown = node.run("journalctl", "--after-cursor", since, "--output", "json", "--no-pager",
                     "--output-fields", "MESSAGE,UNIT,_SYSTEMD_UNIT")
    entries = map(json.loads, shown.splitlines())
    return [str(entry["MESSAGE"]) for entry in entries if units & {entry.get("UNIT"), entry.get("_SYSTEMD_UNIT")}]
