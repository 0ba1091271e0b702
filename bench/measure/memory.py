"""What each process takes when it is idle, after 100 calls."""
import os
import time

from measure import nginx
from measure.appliance import appliance, get, install
from measure.figures import number, table

CALLS = 100
PATHS = ["/api/bootstrap/status", "/api/cluster/status", "/api/supervisor/status"]


def tree(pid):
    """The process and all its children."""
    pids = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            for child in file.read().split():
                pids += tree(int(child))
    return pids


def rollup(pid):
    """(name, PSS, the part of it that no file backs, RSS) in MiB."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        fields = {words[0]: words[1] for words in map(str.split, file)}
    name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    return name, *(int(fields[key]) / 1024 for key in ("Pss:", "Pss_Anon:", "Rss:"))


def show(processes):
    rows = [rollup(pid) for pid in processes]
    total = ("all", *(sum(row[column] for row in rows) for column in (1, 2, 3)))
    table(["process", "PSS, MiB", "of it anonymous", "RSS, MiB"], [[row[0], *map(number, row[1:])] for row in rows + [total]])
    return total[1]


def run_part():
    install()
    with appliance() as ours:
        _, headers, body = ours.get(PATHS[0])
        with nginx.nginx(headers, body) as (back, front, port):
            for index in range(CALLS):
                ours.get(PATHS[index % len(PATHS)])
                get(port, PATHS[0])
            time.sleep(2)
            total = show(tree(ours.process.pid))
            peer = show(tree(front.pid) + tree(back.pid))
    print(f"PSS of the appliance in proportion to nginx's: {total / peer:.2f}×")
