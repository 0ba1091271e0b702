"""The lab itself: nodes come up, several at once, and leave nothing behind."""
import os
import socket
import subprocess
from pathlib import Path

from node import device_of, field, losetup
from wait import wait_until


def traces(lab):
    """All that a lab could have left on this machine, by kind."""
    marks = (str(lab.directory), lab.prefix)

    def is_ours(text):
        return any(mark in text for mark in marks)

    loops = losetup("--noheadings", "--output", "NAME,BACK-FILE").splitlines()
    hierarchies = [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()]
    return {
        "folder": [str(lab.directory)] if lab.directory.exists() else [],
        "namespaces": [name for name in listing("/run/netns") if name.startswith(lab.prefix)],
        "loop devices": [line for line in loops if is_ours(line)],
        "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if is_ours(line)],
        "cgroups": [str(path) for folder in hierarchies if folder.is_dir() for path in folder.glob(f"{lab.prefix}-*")],
        "processes": [pid for pid in listing("/proc") if pid.isdigit() and is_ours(words_of(pid))],
        "nspawn's folders": [str(path) for path in Path("/run/systemd/nspawn").glob(f"*/{lab.prefix}-*")],
    }


def listing(folder):
    return os.listdir(folder) if os.path.isdir(folder) else []


def words_of(pid):
    """What could tie a process to a lab: its command line and its cgroups. Nothing of one that has ended."""
    process = Path("/proc") / pid
    try:
        if field(process, "State").startswith("Z"):
            return ""
        return (process / "cmdline").read_text(errors="replace") + (process / "cgroup").read_text()
    except OSError:
        return ""


def links():
    return subprocess.run(["ip", "-brief", "link"], check=True, capture_output=True, text=True, timeout=10).stdout


def test_two_nodes_at_once_and_nothing_left(bare_lab):
    own_network = links()
    n1, n2 = bare_lab.up("n1", "n2", options=("--bare", "--disks", "2", "--size", "6G"))
    assert (n1.run("hostname").strip(), n2.run("hostname").strip()) == ("n1", "n2")
    assert n1.run("systemctl", "is-system-running").strip() == "running"
    n1.run("bash", "-c", f"exec 3<>/dev/tcp/{n2.address}/22; head -c 4 <&3 | grep -q SSH-")
    disks = [set(node.disks().values()) for node in (n1, n2)]
    lsblk = ("lsblk", "--noheadings", "--nodeps", "--paths", "--output", "NAME")
    seen = [set(node.run(*lsblk).split()) for node in (n1, n2)]
    assert disks == seen and not disks[0] & disks[1], "each node sees its own disks and no others"
    assert links() == own_network, "the machine's own network stays as it is"

    bare_lab.run("forward", "n1", str(free_port()))
    before = traces(bare_lab)
    assert all(found for kind, found in before.items() if kind != "mounts"), f"what is looked for is there: {before}"
    bare_lab.run("down")
    assert not any(traces(bare_lab).values()), {kind: found for kind, found in traces(bare_lab).items() if found}
    assert links() == own_network


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_node_taken_down_leaves_the_other_alone(bare_lab):
    n1, n2 = bare_lab.up("n1", "n2", options=("--bare", "--disks", "1", "--size", "6G"))
    file = next(iter(n1.disks()))
    bare_lab.remove(n1)
    assert device_of(file) is None
    assert n2.run("systemctl", "is-system-running").strip() == "running"


def test_power_cut_keeps_files_and_disks(bare_lab):
    [n1] = bare_lab.up("n1", options=("--bare", "--disks", "1", "--size", "6G"))
    [disk] = n1.disks().values()
    n1.run("sh", "-c", f"echo kept >/root/file; echo written | dd of={disk} conv=fsync status=none; sync")
    boot_id = n1.run("systemctl", "show", "--property", "UserspaceTimestampMonotonic", "--value")
    n1.kill()
    assert not traces(bare_lab)["processes"]
    assert n1.try_("true").returncode == 125
    n1.boot()
    assert n1.run("systemctl", "show", "--property", "UserspaceTimestampMonotonic", "--value") != boot_id
    assert n1.run("cat", "/root/file") == "kept\n"
    assert list(n1.disks().values()) == [disk]
    assert n1.run("head", "-c", "7", disk) == "written"


def test_snapshot_and_restore(bare_lab):
    [n1] = bare_lab.up("n1", options=("--bare", "--disks", "1", "--size", "6G"))
    [disk] = n1.disks().values()
    n1.run("sh", "-c", f"echo before >/root/file; echo before | dd of={disk} conv=fsync status=none")
    bare_lab.run("snapshot", "n1")
    n1.run("sh", "-c", f"echo after >/root/file; echo after. | dd of={disk} conv=fsync status=none")
    bare_lab.run("restore", "n1")
    assert n1.run("cat", "/root/file") == "before\n"
    assert n1.run("head", "-c", "6", disk) == "before"


def test_exec_tells_how_it_ended(bare_lab):
    [n1] = bare_lab.up("n1", options=("--bare", "--disks", "0"))
    assert n1.try_("sh", "-c", "echo out; echo err >&2; exit 7").returncode == 7
    assert n1.try_("sleep", "60", limit=1).returncode == 124
    wait_until("what was started in the node ended with it", 5, lambda: n1.try_("pgrep", "-x", "sleep").returncode == 1)
    assert n1.lab.run("exec", "n9", "--", "true").returncode == 125
