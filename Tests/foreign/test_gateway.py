"""schemathesis (PyPI) calls the gateway with whatever its OpenAPI document allows, and with much that it does not."""
import os
import subprocess
import sys
from pathlib import Path


def test_schemathesis(appliance, tmp_path):
    """On an appliance on which nothing can begin (`ABSENT_IMAGE`): start, retry and clean_up are among the calls."""
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "run", f"{appliance.url}/api/openapi.json", "--max-examples=5",
         "--seed=1", "--request-timeout=20", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=200,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "SCHEMATHESIS_HOOKS": "beyond_schema"})
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
