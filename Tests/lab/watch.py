"""Threads that look on while a test does something to a node."""
import json
import threading
import time


class Events:
    """What GET /api/events says, collected by a thread."""

    def __init__(self, node):
        self.events = []
        self.connection = node.connect(60)
        self.connection.sendall(b"GET /api/events HTTP/1.1\r\nHost: " + node.address.encode() + b"\r\n\r\n")
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        kind = None
        try:
            for line in self.connection.makefile("rb"):
                name, _, value = line.decode().strip().partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self.events.append((kind, json.loads(value)))
        except (OSError, ValueError):
            pass

    def of(self, kind):
        return [event for name, event in self.events if name == kind]

    def close(self):
        self.connection.close()


def timed(node, path, limit):
    """An answer that must come within so many seconds."""
    began = time.monotonic()
    answer = node.get(path)
    took = time.monotonic() - began
    assert took <= limit, f"{path} took {took:.1f} s"
    return answer


class Watch:
    """Asks other things all the time, and remembers the longest time that an answer took."""

    def __init__(self, node, paths):
        self.node, self.paths = node, paths
        self.worst, self.error = 0, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()

    def ask(self):
        while not self.ended.wait(0.2):
            for path in self.paths:
                began = time.monotonic()
                try:
                    self.node.get(path)
                except Exception as error:
                    self.error = error
                self.worst = max(self.worst, time.monotonic() - began)

    def stop(self):
        self.ended.set()
        self.thread.join()
        assert self.error is None, self.error
        return self.worst
