"""Where and with what a run was made."""
import datetime
import os
import platform
import subprocess

from measure.processes import REPOSITORY


def header():
    facts = [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{os.cpu_count()} × {processor()}, {memory()} GiB, Linux {platform.release()}"),
        ("system", first_line("sed", "-n", 's/^PRETTY_NAME="\\(.*\\)"/\\1/p', "/etc/os-release")),
        ("load before", " ".join(f"{load:.2f}" for load in os.getloadavg())),
        ("appliance", first_line("git", "-C", REPOSITORY, "describe", "--always", "--dirty")),
        ("swift", first_line("swift", "--version")),
        ("peers", "; ".join([
            first_line("cc", "--version"), first_line("nginx", "-v"), first_line("wrk", "-v"),
            first_line("ceph", "--version")])),
    ]
    return "\n".join(f"- {name}: {value}" for name, value in facts)


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")


def memory():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def first_line(*command):
    """What a program says first, on stdout or stderr; wrk says its version with exit code 1."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        return done.stdout.strip().splitlines()[0].strip()
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return f"no {command[0]}"
