"""That a run which is ended before its time leaves no lab behind. A script stands in for the lab."""
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

LAB = """#!/bin/sh
echo "$1" >> "$0.calls"
if [ "$1" = up ]; then exec sleep 60; fi
"""


def test_a_run_that_is_terminated_takes_its_lab_down(tmp_path):
    tests = tmp_path / "Tests/browser"
    tests.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("conftest.py"), tests)
    (tests / "test_one.py").write_text("def test_one(url): pass\n")
    lab = tmp_path / "lab/lab"
    lab.parent.mkdir()
    lab.write_text(LAB)
    lab.chmod(0o755)
    calls = lab.with_name("lab.calls")

    environment = {name: value for name, value in os.environ.items() if name != "AQUARIUM_URL"}
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", tests], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 30
        while not (calls.exists() and "up" in calls.read_text()):
            assert time.monotonic() < limit and run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=30)
    finally:
        run.kill()
    assert calls.read_text().split() == ["check", "up", "down"]
