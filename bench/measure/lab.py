"""A node of the lab, in a lab of the benchmark's own."""
import contextlib
import os
import subprocess

from measure.processes import REPOSITORY, run

SETTINGS = {"LAB_DIR": "/var/tmp/aquarium-bench", "PREFIX": "aqbench", "SUBNET": "10.79.0"}
NAME = "n1"


def lab(*arguments, timeout=300):
    environment = {**SETTINGS, **os.environ}
    # The nodes' processes keep what they inherit: only files, no pipe that would be waited for.
    return run(f"{REPOSITORY}/lab/lab", *arguments, timeout=timeout, env=environment)


@contextlib.contextmanager
def node(*options):
    """A new node; gone afterwards."""
    lab("down")
    try:
        lab("up", NAME, *options, timeout=900)
        yield Node()
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            lab("down")


class Node:
    def __init__(self):
        self.root = lab("root", NAME).strip()

    def run(self, *command, limit):
        return lab("exec", NAME, "--limit", str(limit), "--", *command, timeout=limit + 60)

    def read(self, path):
        with open(self.root + path) as file:
            return file.read()

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "w") as file:
            file.write(text)
