"""Real lab nodes: `Lab` makes and removes them with lab/lab, `Node` looks into one and does things to it."""
import json
import os
import subprocess
import time
from itertools import count
from pathlib import Path

import wire
from wait import wait_until

REPO = Path(__file__).resolve().parents[2]
TOOL = REPO / "lab" / "lab"
BASE = Path(os.environ.get("LAB_DIR", "/var/tmp/aquarium-lab")).parent
PORT = 8080
#: where programs are held up; a power cut changes nothing of it
HELD = "/var/tmp"
#: of the appliance under its supervisor: that, its three children, and the witnesses of two of them
PROCESSES = 6
#: those with a Unix socket of their own
AGENTS = ("bootstrap", "orch", "supervisor")


class LabError(Exception):
    pass


class Lab:
    """A lab of its own: names, networks and files are nobody else's, so that it disturbs no other lab."""

    numbers = count(1)
    open = []

    def __init__(self):
        number = next(Lab.numbers)
        self.prefix = f"aqt{os.getpid()}x{number}"
        self.directory = BASE / self.prefix
        self.subnet = f"10.78.{number}"
        self.nodes = {}
        Lab.open.append(self)

    def run(self, *arguments, limit=180):
        """Runs `lab/lab`; gives what it printed. Raises `LabError`."""
        begin = time.monotonic()
        settings = {"LAB_DIR": str(self.directory), "PREFIX": self.prefix, "SUBNET": self.subnet}
        done = subprocess.run(
            [TOOL, *arguments], env=os.environ | settings, timeout=limit, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace")
        if arguments[0] not in ("exec", "root"):
            print(f"lab {' '.join(arguments)}: {done.returncode} in {time.monotonic() - begin:.1f} s", flush=True)
        if done.returncode != 0 and arguments[0] != "exec":
            raise LabError(f"lab {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done

    def up(self, *names, options=()):
        """Boots nodes; gives them in order."""
        self.run("up", *names, *options, limit=600)
        for name in names:
            self.nodes[name] = Node(self, name)
        return [self.nodes[name] for name in names]

    def new_node(self, options=("--disks", "2", "--size", "8G")):
        """A node with the appliance, under a name that is free."""
        name = next(name for name in (f"n{i}" for i in range(1, 10)) if name not in self.nodes)
        return self.up(name, options=options)[0]

    def remove(self, node):
        self.run("down", node.name)
        del self.nodes[node.name]

    def down(self):
        self.run("down")
        self.nodes = {}
        Lab.open.remove(self)


class Node:
    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.address = f"{lab.subnet}.{name[1:]}"
        self._root = None

    # MARK: commands and files

    def try_(self, *command, limit=60):
        """Runs a command in the node, whatever comes of it."""
        return self.lab.run("exec", self.name, "--limit", str(limit), "--", *command, limit=limit + 30)

    def run(self, *command, limit=60):
        """Runs a command in the node, which must succeed; gives its output."""
        done = self.try_(*command, limit=limit)
        assert done.returncode == 0, f"{self.name}: {' '.join(command)}: {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout

    def ceph(self, *arguments):
        """What the `ceph` program says, as JSON."""
        return json.loads(self.run("ceph", "--connect-timeout", "20", *arguments, "--format", "json"))

    @property
    def root(self):
        """The node's / as the machine sees it, which is another one after each boot."""
        if self._root is None or not (self._root / "proc" / "1").exists():
            self._root = Path(self.lab.run("root", self.name).stdout.strip())
        return self._root

    def path(self, path):
        return self.root / path.lstrip("/")

    # MARK: power

    def kill(self):
        """A power cut."""
        self.lab.run("kill", self.name)

    def boot(self):
        self.lab.run("boot", self.name)

    # MARK: the appliance

    def request(self, method, path, body=None, headers=None, limit=60):
        return wire.ask(self.connect(limit), (self.address, PORT), method, path, body, headers, limit)

    def connect(self, limit=60):
        """A bare connection to the gateway."""
        return wire.connect(f"/run/netns/{self.lab.prefix}-{self.name}", self.address, PORT, limit)

    def get(self, path, limit=60):
        answer = self.request("GET", path, limit=limit)
        assert answer.status == 200, f"GET {path}: {answer}"
        return answer.json

    def post(self, path, body=None, key=None):
        answer = self.request("POST", path, {} if body is None else body, {"Idempotency-Key": key} if key else None)
        assert answer.status == 200, f"POST {path}: {answer}"
        return answer.json

    def agent(self, name, limit=60):
        """A connection to an agent's socket, as root."""
        return wire.Agent(self.path(f"/run/aquarium/{name}.sock"), limit)

    def call(self, agent, method, params=None, meta=None):
        with self.agent(agent) as connection:
            return connection.call(method, params, meta)

    def children(self):
        """What supervisor.status says, by name."""
        return {child["name"]: child for child in self.call("supervisor", "supervisor.status")["children"]}

    def supervisor_pid(self):
        return int(self.run("systemctl", "show", "--property", "MainPID", "--value", "aquarium"))

    def wait_for_appliance(self, limit=30):
        """Until all children run and the gateway answers."""

        def is_there():
            children = self.children()
            running = all(child["state"] == "running" for child in children.values())
            return running and self.request("GET", "/api/supervisor/status", limit=5).status == 200 and children

        return wait_until(f"the appliance on {self.name} runs", limit, is_there)

    # MARK: processes

    def processes(self):
        """The node's processes: pid in the node → pid on this machine."""
        own = os.readlink(self.root.parent / "ns" / "pid")
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if os.readlink(entry / "ns" / "pid") == own:
                    found[int(field(entry, "NSpid").split()[-1])] = int(entry.name)
            except OSError:
                continue  # it has ended meanwhile
        return found

    def signal(self, pid, number):
        """Signals one of the node's processes at once, without a command in the node."""
        os.kill(self.processes()[pid], number)

    def is_alive(self, pid):
        """Whether a process of the node lives; a zombie does not."""
        try:
            return field(self.path(f"/proc/{pid}"), "State")[0] not in "ZX"
        except FileNotFoundError:
            return False

    def appliance_processes(self):
        """Pids of all that runs from /usr/libexec/aquarium, or was started by it."""
        listing = self.run("systemctl", "show", "--property", "ControlGroup", "--value", "aquarium").strip()
        pids = set()
        for entry in self.path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                program = os.readlink(entry / "exe")
                group = (entry / "cgroup").read_text()
            except OSError:
                continue
            if program.startswith("/usr/libexec/aquarium/") or (listing and listing in group):
                pids.add(int(entry.name))
        return pids

    def listening_sockets(self):
        """Path (or `tcp` for the gateway's port) → inode, of all that the appliance listens on."""
        found = {}
        for line in self.path("/proc/1/net/unix").read_text().splitlines()[1:]:
            words = line.split()
            # a stream, SS_UNCONNECTED
            if len(words) == 8 and words[4:6] == ["0001", "01"] and words[7].startswith("/run/aquarium/"):
                found[words[7]] = words[6]
        for line in self.path("/proc/1/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(f":{PORT:04X}") and words[3] == "0A":  # TCP_LISTEN
                found["tcp"] = words[9]
        assert set(found) >= {"tcp"} | {f"/run/aquarium/{name}.sock" for name in AGENTS}, found
        return found

    # MARK: programs held up

    def hold(self, program):
        """Makes calls of a program of the node wait until `release`, so that its caller is met in the middle."""
        name = os.path.basename(program)
        script = (
            "#!/bin/sh\n"
            f"[ ! -e {HELD}/hold-{name} ] || : >{HELD}/held-{name}\n"
            f"while [ -e {HELD}/hold-{name} ]; do sleep 0.05; done\n"
            f"exec {program}.real \"$@\"\n")
        real = self.path(program + ".real")
        if not real.exists():
            self.path(program).rename(real)
            self.path(program).write_text(script)
            self.path(program).chmod(0o755)
        self.path(f"{HELD}/hold-{name}").touch()

    def is_held(self, program):
        """Whether somebody has called it since."""
        return self.path(f"{HELD}/held-{os.path.basename(program)}").exists()

    def release(self, program):
        for state in ("hold", "held"):
            self.path(f"{HELD}/{state}-{os.path.basename(program)}").unlink(missing_ok=True)

    # MARK: disks

    def disks(self):
        """The files behind the node's disks and their devices."""
        return {file: device_of(file) for file in sorted(self.disk_folder.glob("[0-9].img"))}

    @property
    def disk_folder(self):
        return self.lab.directory / "nodes" / self.name / "disks"

    def unplug(self, device):
        """Takes a disk away. A small stranger holds its device, or another lab on this machine would get that."""
        stranger = self.disk_folder / f"stranger-{os.path.basename(device)}.img"
        with open(stranger, "wb") as file:
            file.truncate(1 << 20)
        plug(stranger, device)

    # MARK: what is kept of a failed test

    def collect(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        commands = {
            "journal.txt": ["journalctl", "--no-pager", "--output", "short-precise"],
            "units.txt": ["systemctl", "--no-pager", "--full", "status", "aquarium"],
            "failed-units.txt": ["systemctl", "--no-pager", "--failed"],
            "bootstrap-state.json": ["cat", "/var/lib/aquarium/bootstrap/state.json"],
            "bootstrap-log.txt": ["cat", "/var/lib/aquarium/bootstrap/log"],
            "cephadm-log.txt": ["tail", "-n", "500", "/var/log/ceph/cephadm.log"],
            "containers.txt": ["podman", "ps", "--all", "--no-trunc"],
            "processes.txt": ["ps", "-efww"],
            "ceph-status.txt": ["timeout", "20", "ceph", "--connect-timeout", "10", "status"],
        }
        for name, command in commands.items():
            done = self.try_(*command, limit=30)
            (folder / name).write_text(done.stdout + done.stderr)
            if done.returncode == 125:  # it does not run: its console is all there is
                (folder / "console.txt").write_text(self.lab.run("logs", self.name).stdout)
                return


def field(process, name):
    """A field of /proc/PID/status."""
    for line in (process / "status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    raise KeyError(name)


def losetup(*arguments):
    return subprocess.run(
        ["losetup", *map(str, arguments)], check=True, timeout=20, capture_output=True, text=True).stdout


def plug(file, device):
    """Puts a file behind a loop device, in place of another one, which goes when the last reader has closed it."""
    losetup("--detach", device)
    wait_until(f"{device} is free", 10, lambda: losetup(device, file) or True)


def device_of(file):
    """The loop device of a file; None while it has none."""
    return losetup("--noheadings", "--output", "NAME", "--associated", file).strip() or None
