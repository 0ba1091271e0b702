"""Bad parameters of every operation there is: refused with a problem that names the place.

The operations are found by rpc.discover and openapi.json, so that a new one is tested by being declared.
"""
import pytest

from node import AGENTS
from schema import HOSTILE, places, params_schema, put, text_places, wrong_calls
from wire import Refusal

pytestmark = pytest.mark.usefixtures("unharmed")


@pytest.fixture(scope="module")
def methods(appliance):
    """method → (agent, declaration, params that would be taken)"""
    choices = appliance.get("/api/requirements")["defaults"]
    assert choices, "the node has disks and an address to choose"
    found = {}
    for agent in AGENTS:
        for method in appliance.call(agent, "rpc.discover")["methods"]:
            good = {param["name"]: param["value"] for example in method["examples"] for param in example["params"]}
            if "choices" in good:
                good["choices"] = choices
            found[method["name"]] = (agent, method, good)
    assert {"bootstrap.start", "cluster.status", "supervisor.restart"} <= set(found)
    return found


@pytest.fixture(scope="module")
def routes(appliance):
    """method → (verb, path), from openapi.json"""
    document = appliance.get("/api/openapi.json")
    return {
        operation["operationId"]: (verb.upper(), path)
        for path, verbs in document["paths"].items() for verb, operation in verbs.items()}


def refused(agent, method, params, kinds=("params.invalid",)):
    """The refusal of a call, which must come."""
    with pytest.raises(Refusal) as caught:
        agent.call(method, params)
    assert caught.value.kind in kinds, f"{method} {str(params)[:300]}: {caught.value}"
    return caught.value


def test_wrong_parameters_are_refused_with_their_place(appliance, methods):
    number = 0
    for name, (agent, method, good) in methods.items():
        with appliance.agent(agent) as connection:
            for what, params, pointer in wrong_calls(method, good):
                refusal = refused(connection, name, params)
                assert refusal.code == -32602 and refusal.pointer == pointer, f"{name}: {what}: {refusal}"
                number += 1
            for params in ([], [1], "x", 7, True):
                refused(connection, name, params, ("params.invalid", "request.invalid"))
    print(f"{number} wrong calls of {len(methods)} methods")
    assert number > 150


def test_wrong_parameters_over_http_are_refused_with_their_place(appliance, methods, routes):
    number = 0
    for name, (_, method, good) in methods.items():
        if name not in routes:
            continue
        verb, path = routes[name]
        for what, params, pointer in wrong_calls(method, good) if verb == "POST" else []:
            problem = appliance.request(verb, path, params).problem
            assert problem["status"] == 400 and problem["kind"] == "params.invalid", f"{name}: {what}: {problem}"
            assert problem["pointer"] == pointer, f"{name}: {what}: {problem}"
            number += 1
        if verb == "GET":
            problem = appliance.request(verb, f"{path}?nonsense=1").problem
            assert (problem["kind"], problem["pointer"]) == ("params.invalid", "/nonsense"), f"{name}: {problem}"
            for pointer, place in places(params_schema(method)):
                if place["type"] == "integer":
                    for text in ("x", "1.5", "0", "-1", "99999999999999999999", "1%20", ""):
                        problem = appliance.request(verb, f"{path}?{pointer[1:]}={text}").problem
                        assert problem["pointer"] == pointer, problem
                        number += 1
    print(f"{number} wrong requests")
    assert number > 100


def test_hostile_texts_are_refused_by_their_types(appliance, methods):
    """Nothing that could be an option, a shell word, a path or a control character gets past a value's type."""
    number = 0
    for name, (agent, method, good) in methods.items():
        with appliance.agent(agent) as connection:
            for pointer in text_places(method):
                for text in HOSTILE:
                    params = put(good, pointer, text)
                    refusal = refused(connection, name, params, ("params.invalid", "child.unknown"))
                    assert refusal.pointer == pointer, f"{name} {pointer} = {text[:40]!r}: {refusal}"
                    assert len(refusal.message) < 1000, "a refusal does not repeat a long text"
                    number += 1
    print(f"{number} hostile texts")
    assert not appliance.path("/tmp/pwned").exists()


@pytest.mark.parametrize("pointer, texts", [
    ("/choices/hostname", [
        "-n1", "n1-", "n1.example.com", "localhost", "LOCALHOST", "n1\n", "a" * 64, "n_1", "n1;reboot"]),
    ("/choices/address", [
        "10.0.0", "10.0.0.0.1", "10.0.0.1/24", "010.0.0.1;id", "::g", "n1", "-1", "0x0a000001", "10.0.0.1 "]),
    ("/choices/image", [
        "-v", "--privileged", "a b", "$(id)", "a//b", "../a", "a..b", "a:b;c", "docker://x y", "a:", "/a"]),
    ("/choices/disks/0/id", ["-rf", "../sda", "a/b", "a b", "/dev/sda", "."]),
    ("/choices/disks/0/path", ["-rf", "sda", "/etc/passwd", "/dev/../etc/passwd", "/dev/sda;id", "/dev/sd a", ""]),
    ("/choices/ntp_servers/0", ["-x", "a..b", "a_b", "a;b", "pool.ntp.org\nserver evil", "x" * 64, "http://a"]),
    ("/choices/public_network", [
        "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8,0.0.0.0/0", "/8", "10.0.0.0/8 "]),
    ("/choices/cluster_network", ["10.0.0.0/+8", "fd00::/129", "10.0.0.0/8/8", "-8"]),
])
def test_names_addresses_and_images_that_try_to_be_something_else(appliance, methods, pointer, texts):
    _, _, good = methods["bootstrap.start"]
    for path in ("plan", "start"):
        for text in texts:
            problem = appliance.request("POST", f"/api/bootstrap/{path}", put(good, pointer, text)).problem
            assert problem["kind"] == "params.invalid" and problem["pointer"] == pointer, f"{text!r}: {problem}"


def test_choices_that_do_not_fit_this_node_are_refused_with_their_place(appliance, methods):
    """Well-formed, but not true here."""
    _, _, good = methods["bootstrap.start"]
    disk = good["choices"]["disks"][0]
    cases = [
        ("/choices/address", "192.0.2.77", "params.invalid", "/choices/address"),
        ("/choices/public_network", "192.0.2.0/24", "params.invalid", "/choices/public_network"),
        ("/choices/disks", [], "params.invalid", "/choices/disks"),
        ("/choices/disks", [disk, disk], "params.invalid", "/choices/disks/1"),
        ("/choices/disks", [{**disk, "id": "wwn-0x0000"}], "disk.moved", "/choices/disks/0"),
        ("/choices/disks", [{**disk, "path": "/dev/vda"}], "disk.moved", "/choices/disks/0"),
        ("/choices/disks", [{**disk, "size_bytes": disk["size_bytes"] - 512}], "disk.moved", "/choices/disks/0"),
        ("/choices/disks", [{**disk, "size_bytes": -1}], "disk.moved", "/choices/disks/0"),
    ]
    for path in ("plan", "start"):
        for place, value, kind, pointer in cases:
            problem = appliance.request("POST", f"/api/bootstrap/{path}", put(good, place, value)).problem
            assert (problem["kind"], problem["pointer"]) == (kind, pointer), f"{place} = {value}: {problem}"


def test_what_does_not_fit_the_state_is_refused(appliance):
    for action in ("retry", "clean_up"):
        problem = appliance.request("POST", f"/api/bootstrap/{action}", {}).problem
        assert (problem["status"], problem["kind"]) == (409, "bootstrap.not_failed")


def test_meta_is_checked_like_the_rest(appliance, methods):
    _, _, good = methods["bootstrap.plan"]
    for meta in ({"op": "short"}, {"op": "a b c d e f g"}, {"op": 7}, {"deadline_ms": "1"}, [], "x"):
        with appliance.agent("bootstrap") as connection, pytest.raises(Refusal) as caught:
            connection.call("bootstrap.retry", {}, meta)
        assert caught.value.kind in ("params.invalid", "request.invalid"), f"{meta}: {caught.value}"
    for key in ("short", "a b c d e f g h", "x" * 65, "-; rm -rf /"):
        answer = appliance.request("POST", "/api/bootstrap/start", good, {"Idempotency-Key": key})
        assert answer.problem["kind"] == "params.invalid", answer
