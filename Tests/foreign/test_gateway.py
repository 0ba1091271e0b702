"""schemathesis (PyPI) calls the gateway with whatever its OpenAPI document allows, and with much that it does not."""
import subprocess
import sys
from pathlib import Path

# What would begin a bootstrap on the machine that runs the tests; Tests/lab tries these on nodes.
CHANGES = "bootstrap/(start|retry|clean_up)"
# JSON Schema can't say all that a value must be: an address that is none is refused with its place, as it should be.
NOT_CHECKED = "positive_data_acceptance"


def test_schemathesis(appliance, tmp_path):
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "run", f"{appliance.url}/api/openapi.json", "--max-examples=5",
         "--seed=1", "--request-timeout=20", "--no-color", f"--exclude-path-regex={CHANGES}",
         f"--exclude-checks={NOT_CHECKED}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
