"""Processes of a run: each has a log, a time limit for everything it is asked, and is ended by its pid."""
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(REPOSITORY, "build", "bench")

# Who serves runs on one core, who asks on the other: then neither of them measures the scheduler.
SERVER_CORE = 0
CLIENT_CORE = 1 if (os.cpu_count() or 1) > 1 else 0


def pinned(core, *command):
    """The command for one core; None: for any."""
    return list(command) if core is None else ["taskset", "-c", str(core), *command]


def run(*command, timeout=60, **options):
    """The command's output; an exit code other than 0 is an error, with the last words."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
        **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)[:200]}: exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


@contextlib.contextmanager
def folder():
    """A new folder with a short path, for Unix sockets lie in it; gone afterwards."""
    path = tempfile.mkdtemp(prefix="aqb-", dir="/tmp")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(name, *command, environment=None):
    """The process while it runs. Its output is in build/bench/log."""
    os.makedirs(os.path.join(BUILD, "log"), exist_ok=True)
    with open(os.path.join(BUILD, "log", f"{name}.log"), "ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environment or {})})
    try:
        yield process
    finally:
        end(process)


def end(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def until(condition, seconds, what, process=None, pause=0.01):
    limit = time.monotonic() + seconds
    while not condition():
        if process and process.poll() is not None:
            raise RuntimeError(f"{what}: the process ended with {process.returncode}; see {BUILD}/log")
        if time.monotonic() > limit:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def accepts(address):
    """Whether someone takes a connection at (host, port), or at the path of a Unix socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        return connection.connect_ex(address) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
