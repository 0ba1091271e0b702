"""The appliance that was built for development, started by hand, without privileges, in a folder of its own."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = REPOSITORY / ".build" / "debug"
# No image is there and none may be fetched: whatever is asked for, no bootstrap begins on the machine of the tests.
ABSENT_IMAGE = "localhost/aquarium/absent:0"


@dataclass
class Appliance:
    port: int
    run_directory: Path

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def socket(self, agent):
        return self.run_directory / f"{agent}.sock"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def appliance(log):
    """Ready at the beginning of the block, ended with it. Its output goes to the file `log`."""
    folder = Path(tempfile.mkdtemp(prefix="aqf-", dir="/tmp"))  # short: Unix sockets lie in it
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(log, "wb") as output:
            notify.bind(f"{folder}/notify")
            notify.settimeout(60)
            port = free_port()
            (folder / "aquarium.json").write_text(json.dumps(
                {"listen": f"127.0.0.1:{port}", "image": ABSENT_IMAGE, "image_pull": False}))
            for agent in ("bootstrap", "orch", "supervisor"):
                (folder / "state" / agent).mkdir(parents=True)
            process = subprocess.Popen(
                [PROGRAMS / "supervisor", "--unprivileged", "--run-dir", folder / "run", "--libexec", PROGRAMS,
                 "--state-dir", folder / "state", "--config", folder / "aquarium.json"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"})
            try:
                while b"READY=1" not in notify.recv(65536).split(b"\n"):
                    pass
                yield Appliance(port, folder / "run")
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
