"""Children killed at random under clients that read and change; the changes' effects are counted."""
import json
import os
import random
import signal
import time
from datetime import datetime

from clients import CHILDREN, Clients, Page, Restart, Socket
from table import Row, ms, percentile

PROGRAMS = {"bootstrap-agent": "bootstrap", "orch-agent": "orch", "gateway": "gateway"}
#: Seconds; RestartPolicy.crashLoopPause.
CRASH_LOOP_PAUSE = 30
MUST = "0 refused, 0 lost, 0 run twice, kill → ready p50 ≤ 10 ms, p99 ≤ 50 ms"
#: A second.
RATE = 20


def run(node, is_short):
    return [storm(node, 10 if is_short else 60)]


def storm(node, seconds):
    since = time.time()
    # One changes each child alone, for two restarts of one child at the same time are one launch.
    restarts = [Restart(["bootstrap", "orch"]), Restart(["gateway"])]
    reads = [Page("/api/bootstrap/status"), Page("/api/cluster/status"), Page("/api/supervisor/status"),
             Socket("bootstrap", "bootstrap.status"), Socket("orch", "cluster.status"),
             Socket("supervisor", "supervisor.status")]
    with Clients(node, reads + restarts) as clients:
        kills, misses = kill_all(node, seconds)
    events = lifecycle(node, since)
    for name in CHILDREN:
        node.call("supervisor", "supervisor.restart", {"name": name})
    node.wait_for_appliance()
    calls, none_lost, is_served = told_calls(clients.counts)
    effects, ran_twice = told_effects(restarts, events)
    speed, is_quick = told_speed(kills, events)
    return Row(
        f"{RATE} SIGKILLs a second on random agents for {seconds} s, {len(reads + restarts)} clients", MUST,
        f"{len(kills)} kills ({misses} found nobody alive), {calls}; {effects}; {speed}",
        none_lost and is_served and not ran_twice and is_quick, counts_hold=none_lost and not ran_twice)


def told_calls(counts):
    """In words, whether every call was answered, and whether with what it asked for."""
    asides = {"calls", "answered", "asked again", "refused", "lost"}
    problems = {what: number for what, number in counts.items() if what not in asides}
    words = ", ".join(f"{number} × {what}" for what, number in problems.items()) or "none"
    return (
        f"{counts['calls']} calls: {counts['refused']} refused, {counts['lost']} lost, {counts['asked again']} asked "
        f"again, answered with a problem: {words}", not (counts["refused"] or counts["lost"]), not problems)


def told_effects(restarts, events):
    """In words, and whether a change ran twice: it has restarted its child more than once, or its key has two answers.

    One that meets a child in its backoff can't be told from the end of that, and is not counted.
    """
    keys = {key: given for restart in restarts for key, given in restart.answers.items()}
    differing = sum(any(one != given[0] for one in given) for given in keys.values())
    seen = sum(event["kind"] == "asked" for event in events)
    twice = max(differing, seen - len(keys), 0)
    return f"{len(keys)} keys, {seen} restarts by request in the supervisor's log, {twice} run twice", twice > 0


def told_speed(kills, events):
    """In words, and whether it is as quick as it must be."""
    each = {name: ready_times(name, kills, events) for name in CHILDREN}
    ready = sum(each.values(), [])
    p50, p99 = percentile(ready, 50), percentile(ready, 99)
    names = ", ".join(f"{name} {ms(percentile(took, 50))}" for name, took in each.items())
    words = f"kill → ready p50 {ms(p50)}, p99 {ms(p99)} (p50 of {names})"
    return words, p50 is not None and p50 <= 0.01 and p99 <= 0.05


def kill_all(node, seconds):
    """Gives the kills, (child, time), and how often the child that was chosen did not live."""
    supervisor = node.processes()[node.supervisor_pid()]
    chance, kills, misses, begin = random.Random(1), [], 0, time.monotonic()
    for count in range(RATE * seconds):
        time.sleep(max(0, begin + count / RATE - time.monotonic()))
        name = chance.choice(CHILDREN)
        pid = living(supervisor).get(name)
        if pid is None:
            misses += 1
            continue
        moment = time.time()
        os.kill(pid, signal.SIGKILL)
        kills.append((name, moment))
    return kills, misses


def living(supervisor):
    """The supervisor's children that run their own program: name → pid on this machine."""
    found = {}
    for task in os.listdir(f"/proc/{supervisor}/task"):
        with open(f"/proc/{supervisor}/task/{task}/children") as file:
            pids = file.read().split()
        for pid in pids:
            try:
                program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
                with open(f"/proc/{pid}/comm") as file:
                    is_witness = file.read() == "witness\n"  # of a child that has just died, for a moment
            except OSError:
                continue  # it has just died
            if program in PROGRAMS and not is_witness:
                found[PROGRAMS[program]] = int(pid)
    return found


def lifecycle(node, since):
    """What happened to which child when, by the supervisor's log and clock: `asked` (to restart), `running`, others."""
    lines = node.run(
        "sh", "-c", "journalctl --sync; journalctl -u aquarium -o cat --since @" + str(int(since))
        + " | grep -F 'child changed its state'", limit=120).splitlines()
    events, last = [], {}
    for line in lines:
        event = json.loads(line)
        child, state = event["child"], event["state"]
        moment = datetime.fromisoformat(event["at"]).timestamp()
        before, entered = last.get(child, (None, 0))
        last[child] = state, moment
        # Nothing but a request ends the pause of a crash loop early.
        is_early = before == "crashLoop" and state == "starting" and moment - entered < CRASH_LOOP_PAUSE - 0.1
        if moment >= since:
            kind = "asked" if state == "restarting" or is_early else state
            events.append({"child": child, "kind": kind, "at": moment})
    return events


def ready_times(name, kills, events):
    """From each of a child's kills to the next time that it is ready; the log's clock has milliseconds."""
    moments = [event["at"] for event in events if event["child"] == name and event["kind"] == "running"]
    took = []
    for child, moment in kills:
        after = [at for at in moments if at >= moment - 0.001]
        if child == name and after:
            took.append(max(0.0, after[0] - moment))
    return took
