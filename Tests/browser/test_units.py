"""The page's own units, which need neither browser nor node."""
import subprocess
from pathlib import Path


def test_units_of_the_page():
    run = subprocess.run(
        [Path(__file__).parents[2] / "web/test"], timeout=60, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert run.returncode == 0, run.stdout
