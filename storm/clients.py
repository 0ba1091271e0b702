"""Clients that go on through deaths: they connect again and ask again, and count what became of each call."""
import http.client
import random
import threading
import time
import uuid
from collections import Counter

import wire

#: A call that is not answered within this many seconds, asked again after each lost connection, is lost.
PATIENCE = 5
CHILDREN = ("bootstrap", "orch", "gateway")


class Clients:
    """Threads that each make one kind of call again and again while the block runs; `counts` tells what came of it."""

    def __init__(self, node, calls):
        self.node = node
        self.counts, self.lock, self.over = Counter(), threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._run, args=[call], daemon=True) for call in calls]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def _run(self, call):
        while not self.over.wait(call.rest):
            self.count("calls")
            self._until_answered(call)

    def _until_answered(self, call):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.count(call.ask(self.node))
                return
            except ConnectionRefusedError:
                self.count("refused")
            except (OSError, http.client.HTTPException, AssertionError):
                self.count("asked again")
            if time.monotonic() >= end:
                self.count("lost")
                return


class Page:
    """A read through the gateway, over HTTP."""

    rest = 0.02

    def __init__(self, path):
        self.path = path

    def ask(self, node):
        answer = node.request("GET", self.path, limit=PATIENCE)
        if answer.status == 200 or answer.problem["kind"] == "cluster.absent":
            return "answered"
        return answer.problem["kind"]


class Socket:
    """A read from an agent, over one connection while that lasts."""

    rest = 0.02

    def __init__(self, agent, method):
        self.agent, self.method, self.connection = agent, method, None

    def ask(self, node):
        try:
            self.connection = self.connection or node.agent(self.agent, PATIENCE)
            self.connection.call(self.method)
        except wire.Refusal as refusal:
            return "answered" if refusal.kind == "cluster.absent" else refusal.kind
        except (OSError, AssertionError):
            self.close()
            raise
        return "answered"

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Restart:
    """A change under a key of its own, asked for two or three times as one who is not sure whether it was heard."""

    def __init__(self, children):
        self.children, self.answers, self.rest = children, {}, 4 / len(children)
        self.random = random.Random(1)

    def ask(self, node):
        name, key = self.random.choice(self.children), str(uuid.uuid4())
        meta, params = {"op": key}, {"name": name}
        given = self.answers[key] = []
        if self.random.random() < 0.3:
            with node.agent("supervisor", PATIENCE) as deaf:
                deaf.send(
                    b'{"jsonrpc":"2.0","id":1,"method":"supervisor.restart","params":{"name":"%s"},"meta":{"op":"%s"}}'
                    % (name.encode(), key.encode()))
        for _ in range(2):
            try:
                given.append(node.call("supervisor", "supervisor.restart", params, meta))
            except wire.Refusal as refusal:
                given.append(refusal.args[0])
        return "answered" if isinstance(given[-1], dict) else "told that it did not come back"
