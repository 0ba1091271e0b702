"""Who each process is, what it holds and whom it reaches, from /proc of a node; and what somebody gets who has taken
one over. The same in both ways of running."""
import json
import os
import re
import signal
import socket
import time

import pytest

import hijack
import ways
from node import AGENTS, field
from wait import wait_until

USERS = {"bootstrap": "root", "orch": "aquarium-orch", "gateway": "aquarium-gateway"}
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
ORCH_KEY = "/var/lib/aquarium/orch/ceph.client.aquarium.keyring"
WRITING = (os.O_WRONLY, os.O_RDWR, os.O_CREAT | os.O_WRONLY, os.O_TRUNC, os.O_TMPFILE | os.O_RDWR)
#: SECCOMP_IOCTL_NOTIF_RECV, _SEND, _ADDFD and _ID_VALID of <linux/seccomp.h>
QUESTIONS = (0xC0502100, 0xC0182101, 0x40182103, 0x40082102)
SIGSYS, IGNORE, DEFAULT = 31, bytes([1] + [0] * 31), bytes(32)
COMPONENTS = {"orch": "orch-agent", "gateway": "gateway"}
#: what no process but the bootstrap-agent may read
SECRETS = (ORCH_KEY, "/etc/ceph/ceph.client.admin.keyring", "/var/lib/aquarium/bootstrap/secret", "/etc/shadow")


@pytest.fixture(scope="module", params=ways.WAYS)
def way(request, appliance):
    appliance.run("sh", "-c", f"mkdir -p /etc/ceph && for f in {' '.join(SECRETS)}; do "
                  "[ -e $f ] || { echo secret >$f; chmod 600 $f; }; done")
    appliance.run("chown", "aquarium-orch:", ORCH_KEY)
    ways.start(appliance, request.param)
    appliance.log_mark = ways.mark(appliance)  # what the other way has logged proves nothing of this one
    yield request.param
    if request.param == ways.WAYS[-1]:
        appliance.run("rm", *SECRETS[:3])
        ways.start(appliance, "supervisor")


@pytest.fixture
def processes(appliance, way):
    """/proc/PID of each child, by name."""
    return {name: appliance.path(f"/proc/{pid}") for name, pid in ways.pids(appliance, way).items()}


# MARK: who they are


@pytest.mark.parametrize("name", ("orch", "gateway"))
def test_a_service_has_its_user_and_no_rights(appliance, processes, name):
    process = processes[name]
    uid, gid = (int(appliance.run("id", flag, USERS[name])) for flag in ("-u", "-g"))
    group = int(appliance.run("getent", "group", "aquarium").split(":")[2])
    assert field(process, "Uid").split() == [str(uid)] * 4
    assert field(process, "Gid").split() == [str(gid)] * 4
    # systemd adds the user's own group, which is no further right.
    assert {str(group)} <= set(field(process, "Groups").split()) <= {str(group), str(gid)}
    assert {field(process, kind) for kind in CAPABILITY_SETS} == {"0" * 16}
    assert field(process, "NoNewPrivs") == "1"
    limits = (process / "limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits), f"{name} could leave a dump of its memory: {limits}"
    assert not set((process / "environ").read_text().split("\0")) & {"HOME=/root"}


@pytest.mark.parametrize("name", ("orch", "gateway"))
def test_a_service_filters_the_system_calls_of_all_its_threads(processes, name):
    for thread in (processes[name] / "task").iterdir():
        assert field(thread, "Seccomp") == "2", f"{name}: thread {thread.name} ({(thread / 'comm').read_text()})"


@pytest.mark.parametrize("name", ("orch", "gateway"))
def test_a_witness_holds_nothing_and_neither_outlives_the_other(appliance, way, processes, name):
    """The process that answers the other's refused system calls."""
    process, pid = processes[name], ways.pids(appliance, way)[name]
    witness = witness_of(appliance, pid)
    status = appliance.path(f"/proc/{witness}")
    assert [field(status, kind) for kind in ("Uid", "Gid", "Groups", "CapBnd")] == [
        field(process, kind) for kind in ("Uid", "Gid", "Groups", "CapBnd")]
    assert [field(status, kind) for kind in ("Seccomp", "NoNewPrivs", "Threads")] == ["2", "1", "1"]
    targets = [os.readlink(status / "fd" / fd) for fd in os.listdir(status / "fd")]
    assert sorted(target for target in targets if not target.startswith(("pipe:", "socket:"))) == [
        "/dev/null", "anon_inode:[pidfd]", "anon_inode:seccomp notify"], targets
    assert len(targets) == 5, f"and two of the log: {targets}"
    assert not any("seccomp" in os.readlink(process / "fd" / fd) for fd in os.listdir(process / "fd"))
    appliance.signal(witness, signal.SIGTERM)
    assert appliance.request("GET", "/").status == 200 and appliance.is_alive(witness), "asked to end, it stays"
    appliance.signal(witness, signal.SIGKILL)
    wait_until("the other has ended", 3, lambda: not appliance.is_alive(pid), pause=0.01)
    after = wait_until("it is back", 10, lambda: (now := ways.pids(appliance, way)[name]) not in (0, pid) and now)
    witness = wait_until("it has a witness", 10, lambda: witness_of(appliance, after))
    appliance.signal(after, signal.SIGKILL)
    wait_until("its witness has ended", 3, lambda: not appliance.is_alive(witness), pause=0.01)
    wait_until("it is back", 10, lambda: ways.pids(appliance, way)[name] not in (0, after))
    assert appliance.request("GET", "/").status == 200


def witness_of(node, pid):
    """The pid of the process that answers that process's refused system calls."""
    for entry in node.path("/proc").iterdir():
        if entry.name.isdigit() and field(entry, "PPid") == str(pid) and field(entry, "Name") == "witness":
            return int(entry.name)
    raise LookupError(f"{pid} has no witness")


@pytest.mark.parametrize("name", ("orch", "gateway"))
def test_a_crash_ends_a_confined_process_at_once(appliance, way, name):
    """The runtime's crash report would wait for calls that are refused, with all threads stopped."""
    before = ways.pids(appliance, way)[name]
    began = time.monotonic()
    appliance.signal(before, signal.SIGILL)
    wait_until("it has ended", 3, lambda: not appliance.is_alive(before), pause=0.01)
    print(f"{name}: ended {1000 * (time.monotonic() - began):.0f} ms after SIGILL")
    wait_until("it is back", 10, lambda: ways.pids(appliance, way)[name] not in (0, before))
    assert appliance.request("GET", "/").status == 200


def test_the_bootstrap_agent_is_root_as_cephadm_needs_it(appliance, processes):
    """Its filter would be its children's, too, and those are cephadm, podman and Ceph."""
    process = processes["bootstrap"]
    assert field(process, "Uid").split() == field(process, "Gid").split() == ["0"] * 4
    init = appliance.path("/proc/1")
    assert field(process, "CapEff") == field(process, "CapBnd") == field(init, "CapBnd")
    assert field(process, "NoNewPrivs") == field(process, "Seccomp") == "0"


# MARK: what they hold


def test_every_child_has_just_the_descriptors_it_needs(appliance, way, processes):
    listeners = listening_sockets(processes["gateway"], processes["orch"])
    for name, process in processes.items():
        targets = {int(fd): os.readlink(process / "fd" / fd) for fd in os.listdir(process / "fd")}
        assert targets[0] == "/dev/null" and targets[1] == targets[2], targets
        # Its log: the supervisor's pipe, or the journal's socket.
        assert targets[1].startswith("pipe:" if way == "supervisor" else "socket:"), targets
        files = [target for target in targets.values() if target.startswith("/")]
        assert set(files) <= {"/dev/null"}, f"{name} has files open: {files}"
        held = {path for path, inode in listeners.items() if f"socket:[{inode}]" in targets.values()}
        assert held == {"tcp" if name == "gateway" else f"/run/aquarium/{name}.sock"}, f"{name} listens on {held}"


def listening_sockets(gateway, other):
    """Path (or `tcp` for the gateway's port) → inode, of all that the appliance listens on."""
    found = {}
    for line in (other / "net" / "unix").read_text().splitlines()[1:]:
        words = line.split()
        if len(words) == 8 and words[7].startswith("/run/aquarium/") and words[5] == "01":  # SS_UNCONNECTED
            found[words[7]] = words[6]
    for line in (other / "net" / "tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(":1F90") and words[3] == "0A":  # port 8080, TCP_LISTEN
            found["tcp"] = words[9]
    assert set(found) >= {"tcp", "/run/aquarium/bootstrap.sock", "/run/aquarium/orch.sock"}, found
    return found


def test_sockets_and_state_have_the_modes_that_keep_others_out(appliance, way):
    sockets = [f"/run/aquarium/{name}.sock" for name in agents(way)]
    shown = appliance.run("stat", "--format", "%n %U:%G %a", "/run/aquarium", *sockets, "/var/lib/aquarium/bootstrap",
                          "/var/lib/aquarium/orch").splitlines()
    assert shown == ["/run/aquarium root:aquarium 750"] + [f"{path} root:aquarium 660" for path in sockets] + [
        "/var/lib/aquarium/bootstrap root:root 700", "/var/lib/aquarium/orch aquarium-orch:aquarium-orch 700"]


def agents(way):
    return [name for name in AGENTS if way == "supervisor" or name != "supervisor"]


# MARK: whom they reach


@pytest.mark.parametrize("user, reached", [
    ("root", {"bootstrap": "answer", "orch": "answer", "supervisor": "answer"}),
    ("aquarium-gateway", {"bootstrap": "answer", "orch": "answer", "supervisor": "answer"}),
    # It runs as that user itself, so there it is at home.
    ("aquarium-orch", {"bootstrap": "peer.refused", "orch": "answer", "supervisor": "peer.refused"}),
    ("nobody", {"bootstrap": "no way in", "orch": "no way in", "supervisor": "no way in"}),
])
def test_only_those_in_the_topology_may_talk_to_an_agent(appliance, way, user, reached):
    found = {name: reach(appliance, user, name, "rpc.discover") for name in agents(way)}
    assert found == {name: reached[name] for name in agents(way)}
    if "peer.refused" in found.values():
        uid = appliance.run("id", "-u", user).strip()
        told(appliance, rf"refused a connection.*Uid {uid} ")


@pytest.mark.parametrize("way", ["supervisor"], indirect=True)  # whose operations these are
def test_the_gateway_is_refused_what_has_no_route_and_the_log_tells(appliance, way):
    before = ways.pids(appliance, way)
    assert reach(appliance, "aquarium-gateway", "supervisor", "supervisor.restart", {"name": "orch"}) == "forbidden"
    assert reach(appliance, "aquarium-gateway", "supervisor", "supervisor.logs", {"name": "orch"}) == "forbidden"
    told(appliance, *(
        rf'refused a method.*"method":"supervisor\.{method}","peer":"gateway"' for method in ("restart", "logs")))
    assert ways.pids(appliance, way) == before


@pytest.mark.parametrize("way", ["supervisor"], indirect=True)  # as units: systemd's socket, NotifyAccess=main
def test_nobody_is_ready_on_behalf_of_another(appliance, way):
    """A READY=1 counts for the process that sends it, as the kernel names it: a stranger's is for nobody."""
    status = appliance.run("systemctl", "show", "--property", "StatusText", "aquarium")
    done = as_user(appliance, "aquarium-gateway", SPOOF, "/run/aquarium/notify.sock")
    assert done.returncode == 0, done.stderr
    told(appliance, "ignored a notification")
    assert appliance.run("systemctl", "show", "--property", "StatusText", "aquarium") == status


CLIENT = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(10)
client.connect(sys.argv[1])
try:
    client.sendall(sys.argv[2].encode() + b"\\n")
except BrokenPipeError:
    pass  # refused already; it says why
sys.stdout.write(client.makefile().readline())
"""

SPOOF = """
import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1\\nWATCHDOG=1", sys.argv[1])
"""


def as_user(node, user, program, *arguments):
    """Runs Python as what a process of that user is: its groups, no capability, no_new_privs."""
    rights = ["--clear-groups"] if user in ("root", "nobody") else ["--groups", "aquarium"]
    if user != "root":
        rights += ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    gid = node.run("id", "-g", user).strip()
    return node.try_("setpriv", "--reuid", user, "--regid", gid, *rights, "python3", "-c", program, *arguments)


def reach(node, user, agent, method, params=None):
    """What somebody gets who connects and asks."""
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}})
    done = as_user(node, user, CLIENT, f"/run/aquarium/{agent}.sock", request)
    if "Permission denied" in done.stderr:
        return "no way in"
    assert done.stdout, done.stderr
    reply = json.loads(done.stdout)
    return reply["error"]["data"]["kind"] if "error" in reply else "answer"


def told(node, *patterns):
    """Waits until the log has such lines."""

    def missing():
        lines = ways.events(node, node.log_mark)
        return [pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)]

    wait_until(f"the log has {patterns}", 10, lambda: not missing() or print(f"not yet: {missing()}"), pause=1)


def refused(component, call, path=None):
    return (rf'"component":"{component}".*"message":"refused a system call".*"call":"{call}"'
            + (rf'.*"path":"{re.escape(path)}"' if path else ""))


# MARK: taken over


def test_a_taken_over_gateway_gets_nowhere_and_the_log_tells(appliance, way):
    """Its own process, with its sockets, made to try."""
    pids = ways.pids(appliance, way)
    agents = [pid for name, pid in pids.items() if name != "gateway"]
    disks = appliance.run("lsblk", "--noheadings", "--paths", "--output", "NAME").split()
    secrets = [*SECRETS, f"/proc/{pids['orch']}/mem", f"/proc/{pids['bootstrap']}/environ", *disks]
    with hijack.of(appliance, pids["gateway"]) as gateway:
        for path in secrets:
            assert gateway.call("openat", -100, path, os.O_RDONLY) == "EPERM", path
        for pid in agents:
            assert gateway.call("kill", pid, 9) == "EPERM"
            assert gateway.call("ptrace", 16, pid, 0, 0) == "EPERM"  # PTRACE_ATTACH
            assert gateway.call("process_vm_readv", pid, 0, 0, 0, 0, 0) == "EPERM"
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
            # systemd's RestrictAddressFamilies= comes before the process's own filter, and tells nobody.
            expected = "EPERM" if way == "supervisor" else "EAFNOSUPPORT"
            assert gateway.call("socket", family, socket.SOCK_STREAM, 0) == expected, family
        for call, arguments in {"execve": ("/bin/sh", 0, 0), "fork": (), "memfd_create": ("x", 0),
                                "unlink": ("/run/aquarium/orch.sock",), "pidfd_open": (1, 0)}.items():
            assert gateway.call(call, *arguments) == "EPERM", call
        for call, arguments in {"setuid": (0,), "mount": ("none", "/", "tmpfs", 0, 0)}.items():
            assert gateway.call(call, *arguments) == "EPERM", call
    told(appliance, *(refused("gateway", "openat", path) for path in secrets))
    calls = ["kill", "ptrace", "process_vm_readv", "execve", "fork", "memfd_create", "unlink", "pidfd_open"]
    calls += ["socket"] if way == "supervisor" else []
    told(appliance, *(refused("gateway", call) for call in calls))
    assert appliance.request("GET", "/").status == 200
    assert ways.pids(appliance, way) == pids, "nobody died of it"


def test_a_taken_over_orch_agent_has_its_own_key_and_no_other(appliance, way):
    pids = ways.pids(appliance, way)
    with hijack.of(appliance, pids["orch"]) as orch:
        key = orch.call("openat", -100, ORCH_KEY, os.O_RDONLY)
        assert isinstance(key, int), f"librados reads it: {key}"
        orch.call("close", key)
        for path in set(SECRETS) - {ORCH_KEY}:
            assert orch.call("openat", -100, path, os.O_RDONLY) in ("EACCES", "ENOENT"), path
        if hijack.has_landlock():
            for path in ("/etc/hostname", "/var/lib/dpkg/status", "/run/aquarium"):
                assert orch.call("openat", -100, path, os.O_RDONLY) == "EACCES", path
        for flags in WRITING:
            assert orch.call("openat", -100, ORCH_KEY, flags, 0o600) == "EPERM", "nor does it change any file"
        assert orch.call("kill", pids["bootstrap"], 9) == orch.call("ptrace", 16, pids["bootstrap"], 0, 0) == "EPERM"
        assert orch.call("execve", "/bin/sh", 0, 0) == orch.call("fork") == "EPERM"
    told(appliance, *(refused("orch-agent", call) for call in ("kill", "ptrace", "execve", "fork")))
    told(appliance, refused("orch-agent", "openat", ORCH_KEY))
    assert appliance.request("GET", "/api/cluster/status").status in (409, 503)
    assert ways.pids(appliance, way) == pids, "nobody died of it"


@pytest.mark.parametrize("name", COMPONENTS)
def test_who_has_taken_one_over_can_not_answer_for_the_kernel(appliance, way, name):
    """Nor replace its filter, nor reach the witness, nor keep that from telling."""
    pids = ways.pids(appliance, way)
    witness = witness_of(appliance, pids[name])
    attempts = [("ioctl", fd, question, 0) for fd in (3, 4, 5) for question in QUESTIONS] + [
        ("seccomp", 1, 1 << 3, 0), ("prctl", 22, 2, 0),  # SECCOMP_FILTER_FLAG_NEW_LISTENER, PR_SET_SECCOMP
        ("fcntl", 0, 8, witness), ("fcntl", 0, 10, 9),  # F_SETOWN, F_SETSIG
        ("kill", witness, 9), ("ptrace", 16, witness, 0, 0), ("process_vm_readv", witness, 0, 0, 0, 0, 0),
        ("pidfd_open", witness, 0), ("pidfd_getfd", 3, 3, 0)]
    with hijack.of(appliance, pids[name]) as taken:
        for attempt in attempts:
            assert taken.call(*attempt) == "EPERM", attempt
        for flags in WRITING:
            assert taken.call("openat", -100, f"/proc/{witness}/mem", flags) == "EPERM"
        # The handler that another design would have had is nobody's here.
        assert taken.call("rt_sigaction", SIGSYS, IGNORE, 0, 8) == 0
        assert taken.call("unlink", "/run/aquarium/orch.sock") == "EPERM"
        assert taken.call("rt_sigaction", SIGSYS, DEFAULT, 0, 8) == 0
    told(appliance, *(refused(COMPONENTS[name], call) for call in {attempt[0] for attempt in attempts}))
    told(appliance, refused(COMPONENTS[name], "openat", f"/proc/{witness}/mem"),
         refused(COMPONENTS[name], "unlink", "/run/aquarium/orch.sock"))
    assert ways.pids(appliance, way) == pids and witness_of(appliance, pids[name]) == witness, "nobody died of it"


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_flood_of_refused_calls_does_not_flood_the_log_and_is_counted(appliance, way, name):
    mark, times = ways.mark(appliance), 1000
    with hijack.of(appliance, ways.pids(appliance, way)[name]) as taken:
        assert {taken.call("memfd_create", "x", 0) for _ in range(times)} == {"EPERM"}

    def seen():
        events = [json.loads(line) for line in ways.events(appliance, mark) if '"memfd_create"' in line]
        lines = [event for event in events if event["message"] == "refused a system call"]
        left_out = [int(event["count"]) for event in events if event["message"] == "left out refused system calls"]
        return len(lines) + sum(left_out) == times and (len(lines), left_out)

    lines, left_out = wait_until("all are told", 15, seen, pause=1)
    print(f"{name}: {times} refused calls: {lines} lines, and {left_out} told as left out")
    assert lines <= 300
