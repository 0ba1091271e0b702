"""What a declared operation takes, and the ways to get it wrong."""
import copy

WRONG = {
    "string": [7, True, [], {}, 1.5],
    "integer": ["7", True, [], {}, 1.5, 1e300],
    "number": ["7", True, [], {}],
    "boolean": ["true", 1, [], {}],
    "array": ["x", 7, {}, True],
    "object": ["x", 7, [], False],
}

HOSTILE = [
    "", " ", "-x", "--help", "a;b", "a|b", "a&b", "$(touch /tmp/pwned)", "`touch /tmp/pwned`", "a b", "a\nb", "a\0b",
    "../../etc/passwd", "/etc/passwd", "*", "%s%n", "'\"", "a,b", "ä", "\u202e", "a" * 300, "a" * 100_000,
]


def places(schema, pointer=""):
    """(pointer, schema) of every place in a value of that schema; the first item stands for all of an array."""
    yield pointer, schema
    if schema.get("type") == "array":
        yield from places(schema["items"], f"{pointer}/0")
    for name, member in schema.get("properties", {}).items():
        yield from places(member, f"{pointer}/{name}")


def put(value, pointer, new):
    """A copy of `value` with another value at `pointer`; what is missing on the way is made."""
    if pointer == "":
        return new
    result = copy.deepcopy(value)
    place = result
    *way, last = pointer[1:].split("/")
    for step, following in zip(way, [*way[1:], last]):
        if isinstance(place, list):
            while len(place) <= int(step):
                place.append([] if following == "0" else {})
            place = place[int(step)]
        else:
            place = place.setdefault(step, [] if following == "0" else {})
    if isinstance(place, list):
        place[int(last):int(last) + 1] = [new]
    else:
        place[last] = new
    return result


def without(value, pointer):
    """A copy of `value` without the member at `pointer`."""
    result = copy.deepcopy(value)
    place = result
    *way, last = pointer[1:].split("/")
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    del place[last]
    return result


def params_schema(method):
    """The schema of the params object of a method in an OpenRPC document."""
    return {
        "type": "object",
        "properties": {param["name"]: param["schema"] for param in method["params"]},
        "required": [param["name"] for param in method["params"] if param["required"]],
    }


def wrong_calls(method, good):
    """(what, params, pointer) of calls that must be refused, and the place that must be blamed.

    `good` is a value for the params that would be taken.
    """
    schema = params_schema(method)
    yield "unknown member", {**good, "nonsense": 1}, "/nonsense"
    for pointer, place in places(schema):
        for wrong in WRONG.get(place.get("type"), []) if pointer else []:
            yield f"{pointer} = {wrong!r}", put(good, pointer, wrong), pointer
        if place.get("type") == "object":
            if pointer:
                yield f"unknown in {pointer}", put(good, f"{pointer}/x~y", 1), f"{pointer}/x~0y"
            for name in place.get("required", []):
                yield f"no {pointer}/{name}", without(good, f"{pointer}/{name}"), f"{pointer}/{name}"
            for name in place.get("required", []):
                yield f"null {pointer}/{name}", put(good, f"{pointer}/{name}", None), f"{pointer}/{name}"


def text_places(method):
    """Pointers of all strings that have a form of their own, which no hostile text has."""
    return [pointer for pointer, place in places(params_schema(method)) if place.get("type") == "string"]
