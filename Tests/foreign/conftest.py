"""Tests with clients and validators that nobody here wrote, on the real appliance."""
import os

import pytest

from appliance import REPOSITORY, appliance as run_appliance

AGENTS = ("bootstrap", "orch", "supervisor")


@pytest.fixture(scope="session")
def appliance():
    artifacts = os.environ.get("AQUARIUM_ARTIFACTS", REPOSITORY / "Tests" / "artifacts")
    os.makedirs(artifacts, exist_ok=True)
    with run_appliance(f"{artifacts}/foreign.log") as running:
        yield running
