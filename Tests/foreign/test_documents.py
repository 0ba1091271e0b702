"""What the appliance says of itself: held against other people's reading of the standards, and tried out."""
import json
import urllib.request
from pathlib import Path

import jsonschema
import openrpc
import pytest
import referencing

from conftest import AGENTS
from test_clients import exchange

# A read may fail on a node without a cluster and without privileges, but not because of how it was called.
REFUSED_AS_CALLED = {"params.invalid", "request.malformed", "request.invalid", "method.unknown", "bug"}


def discover(appliance, agent):
    return json.loads(exchange(appliance.socket(agent), '{"method":"rpc.discover"}\n'))["result"]


def unknown_to(model, document, path=""):
    """Places of `document` that the reader's `model` of it does not have; extensions (x-…) may be there."""
    if isinstance(document, dict) and isinstance(model, dict):
        for name, value in document.items():
            if name not in model and not name.startswith("x-"):
                yield f"{path}/{name}"
            elif name in model:
                yield from unknown_to(model[name], value, f"{path}/{name}")
    elif isinstance(document, list) and isinstance(model, list):
        for index, (known, value) in enumerate(zip(model, document)):
            yield from unknown_to(known, value, f"{path}/{index}")


def published(name):
    return json.loads((Path(__file__).parent / "fixtures" / f"{name}.json").read_text())


def faults(schema, value):
    """Where `value` does not fit, by a JSON Schema of draft 7, which OpenRPC's are, and why."""
    draft = referencing.jsonschema.DRAFT7
    known = referencing.Registry().with_resource(
        "https://meta.json-schema.tools", draft.create_resource(published("json-schema-meta-schema")))
    validator = jsonschema.Draft7Validator(
        schema, registry=known, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


@pytest.mark.parametrize("agent", AGENTS)
def test_openrpc_meta_schema(appliance, agent):
    document = discover(appliance, agent)
    meta_schema = published("openrpc-meta-schema")
    assert faults(meta_schema, document) == []
    assert faults(meta_schema, {**document, "openrpc": "0"}) != []
    document["methods"][0]["result"]["schema"]["type"] = "nonsense"
    assert faults(meta_schema, document) != []


@pytest.mark.parametrize("agent", AGENTS)
def test_examples_fit_their_schemas(appliance, agent):
    for method in discover(appliance, agent)["methods"]:
        example = method["examples"][0]
        values = {value["name"]: value["value"] for value in example["params"]}
        for param in method["params"]:
            assert faults(param["schema"], values[param["name"]]) == [], method["name"]
        assert faults(method["result"]["schema"], example["result"]["value"]) == [], method["name"]


@pytest.mark.parametrize("agent", AGENTS)
def test_openrpc(appliance, agent):
    document = discover(appliance, agent)
    read = openrpc.OpenRPC.model_validate(document)
    assert [method.name for method in read.methods] == [method["name"] for method in document["methods"]]
    assert list(unknown_to(read.model_dump(by_alias=True, exclude_unset=True, mode="json"), document)) == []


@pytest.mark.parametrize("agent", AGENTS)
def test_the_examples_of_reads_can_be_called(appliance, agent):
    reads = [method for method in discover(appliance, agent)["methods"] if method.get("x-effect") == "read"]
    assert reads
    for method in reads:
        params = {param["name"]: param["value"] for param in method["examples"][0]["params"]}
        request = {"jsonrpc": "2.0", "id": 1, "method": method["name"], "params": params, "meta": {"deadline_ms": 20000}}
        answer = json.loads(exchange(appliance.socket(agent), json.dumps(request) + "\n").splitlines()[-1])
        kind = answer.get("error", {}).get("data", {}).get("kind")
        assert kind not in REFUSED_AS_CALLED, answer


def test_openapi(appliance):
    from openapi_spec_validator import OpenAPIV31SpecValidator

    with urllib.request.urlopen(f"{appliance.url}/api/openapi.json", timeout=30) as answer:
        document = json.load(answer)
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
