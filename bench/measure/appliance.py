"""The appliance as `make install` lays it out, started by hand in a folder of its own."""
import contextlib
import http.client
import json
import os
import socket
import time

from measure.processes import BUILD, REPOSITORY, SERVER_CORE, folder, free_port, pinned, run, running

ROOT = os.path.join(BUILD, "root")
PROGRAMS = os.path.join(ROOT, "usr", "libexec", "aquarium")


def install():
    run("make", "-s", "-C", REPOSITORY, "install", f"DESTDIR={ROOT}")


class Appliance:
    def __init__(self, process, port, run_directory, state, seconds_to_ready):
        self.process, self.port, self.run_directory, self.state = process, port, run_directory, state
        self.seconds_to_ready = seconds_to_ready

    def get(self, path):
        return get(self.port, path)


@contextlib.contextmanager
def appliance(core=SERVER_CORE):
    """Runs until the end of the block; ready at its beginning. All its processes are on that core; None: on any."""
    with folder() as d, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(f"{d}/notify")
        notify.settimeout(30)
        port = free_port()
        with open(f"{d}/aquarium.json", "w") as file:
            json.dump({"listen": f"127.0.0.1:{port}"}, file)
        for agent in ("bootstrap", "orch"):
            os.makedirs(f"{d}/state/{agent}")
        command = pinned(
            core, f"{PROGRAMS}/supervisor", "--unprivileged", "--run-dir", f"{d}/run", "--libexec", PROGRAMS,
            "--state-dir", f"{d}/state", "--config", f"{d}/aquarium.json")
        start = time.monotonic()
        with running("appliance", *command, environment={"NOTIFY_SOCKET": f"{d}/notify"}) as process:
            while b"READY=1" not in notify.recv(65536).split(b"\n"):
                pass
            yield Appliance(process, port, f"{d}/run", f"{d}/state", time.monotonic() - start)


def get(port, path):
    return request(port, "GET", path)


def request(port, method, path, body=None):
    """Status, headers and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()
