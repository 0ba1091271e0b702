"""Making a cluster of a new lab node: the appliance's own way, and `cephadm bootstrap` alone as the plan shows it."""
import datetime
import json
import time
import uuid

from measure.appliance import request
from measure.figures import Comparison
from measure.lab import node
from measure.processes import free_port

ROUNDS = 3
LIMIT = 600

# Runs in the node, so that the way into it is not measured.
STOPWATCH = """
import subprocess, sys, time
begin = time.monotonic()
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
if done.returncode:
    sys.exit(done.stdout[-2000:])
print(time.monotonic() - begin)
"""


def ask(port, method, path, body=None):
    status, _, answer = request(port, method, path, body)
    if status != 200:
        raise RuntimeError(f"{method} {path} answered {status}: {answer[:500]}")
    return json.loads(answer)


def seconds(part):
    begin, end = (datetime.datetime.fromisoformat(part[key]) for key in ("started_at", "ended_at"))
    return (end - begin).total_seconds()


def product():
    """(seconds of the phase bootstrap, seconds of everything, the command it ran, the file the command names)"""
    port = free_port()
    with node("--forward", str(port)) as made:
        choices = ask(port, "GET", "/api/requirements")["defaults"]
        plan = ask(port, "POST", "/api/bootstrap/plan", {"choices": choices})
        command = next(step for step in plan["steps"] if step["phase"] == "bootstrap")["commands"][0]
        state = ask(port, "POST", "/api/bootstrap/start", {"choices": choices})
        limit = time.monotonic() + LIMIT
        while state["status"] == "running":
            if time.monotonic() > limit:
                raise TimeoutError(f"the bootstrap is not done in {LIMIT} s: {state['activity']}")
            time.sleep(1)
            state = ask(port, "GET", "/api/bootstrap/status")
        if state["status"] != "done":
            raise RuntimeError(f"the bootstrap failed: {state['error']}")
        phase = next(phase for phase in state["phases"] if phase["phase"] == "bootstrap")
        return seconds(phase), seconds(state), command, made.read(config_of(command))


def config_of(command):
    return command[command.index("--config") + 1]


def bare(command, config):
    command = [str(uuid.uuid4()) if word == "<fsid>" else word for word in command]
    image = command[command.index("--image") + 1]
    with node("--bare") as made:
        made.write(config_of(command), config)
        # The appliance has looked at the disks before, in the image's first container.
        made.run(command[0], "--image", image, "ceph-volume", "inventory", "--format", "json", limit=120)
        return float(made.run("python3", "-c", STOPWATCH, *command, limit=LIMIT).split()[-1])


def run_part():
    phase, whole, alone = [], [], []
    for _ in range(ROUNDS):
        took, took_whole, command, config = product()
        phase.append(took)
        whole.append(took_whole)
        alone.append(bare(command, config))
    comparison = Comparison("appliance", "cephadm alone")
    comparison.add("cephadm bootstrap, s", phase, alone)
    comparison.add("all phases to done, with OSDs, s", whole, [])
    comparison.print()
    print("The command: " + " ".join(command))
