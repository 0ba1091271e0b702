#!/usr/bin/python3
"""A child as the supervisor sees one. What it does stands in the file beside it, <its name>.does:

serve     says READY=1, beats, and answers each connection to fd 3 with its pid
die       ends at once with exit code 3
burst     logs 2000 lines, and then the same, the last line without an end
stubborn  serves, and ignores SIGTERM
parent    serves, and has started a helper that left its session (its pid is in the log)
parent in its session  the same, but the helper stays in the session
"""
import os
import select
import signal
import socket
import subprocess
import sys

with open(sys.argv[0] + ".does") as file:
    does = file.read()
print("started", os.getpid(), flush=True)
if does == "burst":
    for number in range(2000):
        print(os.getpid(), "line", number, "." * 80)
    print(os.getpid(), "end", end="", flush=True)
if does in ("die", "burst"):
    sys.exit(3)
if does == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if does.startswith("parent"):
    helper = [sys.executable, "-c", "import os, time; print('orphan', os.getpid(), flush=True); time.sleep(600)"]
    subprocess.Popen(helper, start_new_session=does == "parent")

assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDS"] == "1"
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
listener = socket.socket(fileno=3)
notify.send(b"READY=1")
while True:
    notify.send(b"WATCHDOG=1")
    if select.select([listener], [], [], 1)[0]:
        connection = listener.accept()[0]
        connection.sendall(str(os.getpid()).encode())
        connection.close()
