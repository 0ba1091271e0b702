"""What bad input could do to a node: begin something, write a file, end a process, leave a descriptor open."""
import os

#: where nothing may be written by a request that was refused
WATCHED = ("etc", "root", "home", "tmp", "usr", "var/lib/aquarium")


def state(node):
    children = node.children()
    pids = {name: child["pid"] for name, child in children.items()} | {"supervisor": node.supervisor_pid()}
    bootstrap = node.get("/api/bootstrap/status")
    node.request("GET", "/api/cluster/status")  # so that the gateway's connection to each agent is there
    node.get("/api/supervisor/status")
    assert bootstrap["status"] == "none"
    return {
        "pids": pids,
        "descriptors": {name: descriptors(node.path(f"/proc/{pid}/fd")) for name, pid in pids.items()},
        "bootstrap": bootstrap,
        "files": files(node.lab.directory / "nodes" / node.name / "upper"),
    }


def descriptors(folder):
    """How many sockets, pipes and files are open. Timers and the like are the runtime's: made once, and kept."""
    count = 0
    for name in os.listdir(folder):
        try:
            target = os.readlink(folder / name)
        except FileNotFoundError:  # closed since it was listed
            continue
        count += not target.startswith("anon_inode:")
    return count


def closed_again(node, before):
    """The state, once no process has more descriptors open than before."""
    after = state(node)
    grown = [name for name, number in after["descriptors"].items() if number > before["descriptors"][name]]
    if grown:
        raise LookupError(f"{grown}: {before['descriptors']} before, {after['descriptors']} now")
    return after


def files(upper):
    """All that was written in the watched folders, with size and time."""
    found = {}
    for folder in WATCHED:
        for path, _, names in os.walk(upper / folder):
            for name in names:
                file = os.path.join(path, name)
                about = os.lstat(file)
                found[os.path.relpath(file, upper)] = (about.st_size, about.st_mtime_ns)
    return found
