"""JSON-RPC clients from elsewhere on the agents' sockets: jsonrpcclient (PyPI), and socat with jq as README has them."""
import json
import socket
import subprocess

import jsonrpcclient
import pytest

from conftest import AGENTS


def exchange(path, text):
    """All that comes back after `text` was sent and no more was to come."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(path))
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_call(appliance):
    reply = exchange(appliance.socket("supervisor"), jsonrpcclient.request_json("supervisor.status") + "\n")
    answer = jsonrpcclient.parse_json(reply)
    assert isinstance(answer, jsonrpcclient.Ok), answer
    assert {child["name"] for child in answer.result["children"]} >= {"gateway", "orch", "bootstrap"}


def test_named_parameters(appliance):
    request = jsonrpcclient.request_json("supervisor.logs", params={"name": "gateway", "lines": 1})
    answer = jsonrpcclient.parse_json(exchange(appliance.socket("supervisor"), request + "\n"))
    assert isinstance(answer, jsonrpcclient.Ok) and len(answer.result["lines"]) == 1


def test_an_error(appliance):
    reply = exchange(appliance.socket("supervisor"), jsonrpcclient.request_json("no.such") + "\n")
    answer = jsonrpcclient.parse_json(reply)
    assert isinstance(answer, jsonrpcclient.Error) and answer.code == -32601


def test_a_notification(appliance):
    assert exchange(appliance.socket("supervisor"), jsonrpcclient.notification_json("supervisor.status") + "\n") == ""


def test_a_batch(appliance):
    batch = [jsonrpcclient.request("supervisor.status"), jsonrpcclient.notification("supervisor.status"),
             jsonrpcclient.request("no.such")]
    reply = exchange(appliance.socket("supervisor"), json.dumps(batch) + "\n")
    answers = {answer.id: type(answer) for answer in jsonrpcclient.parse_json(reply)}
    assert answers == {batch[0]["id"]: jsonrpcclient.Ok, batch[2]["id"]: jsonrpcclient.Error}


@pytest.mark.parametrize("agent", AGENTS)
def test_socat_and_jq(appliance, agent):
    line = f"""echo '{{"method":"rpc.discover"}}' | socat -t30 - UNIX-CONNECT:{appliance.socket(agent)} | jq -e .result.methods"""
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], timeout=40, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
