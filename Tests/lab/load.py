"""Browsers that ask without a pause, and what became of each request."""
import http.client
import os
import threading
import time
from collections import Counter

from node import PORT
from wire import CLONE_NEWNET, libc


class Load:
    """Callers that ask for `path` again and again while the block runs.

    `outcomes` counts statuses, and failures by the error's name; `slowest` is in seconds. With `keep_alive` each caller
    keeps its connection while the other side does, and opens another when the answer said `Connection: close`, or when
    the connection was closed between two requests.
    """

    def __init__(self, node, path, callers=4, keep_alive=False):
        self.node, self.path, self.keep_alive = node, path, keep_alive
        self.outcomes, self.slowest = Counter(), 0.0
        self._lock, self._end = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()
        print(f"{self.path}: {dict(self.outcomes)}, slowest {self.slowest:.2f} s", flush=True)

    def _call(self):
        with open(f"/run/netns/{self.node.lab.prefix}-{self.node.name}") as namespace:
            assert libc.setns(namespace.fileno(), CLONE_NEWNET) == 0, os.strerror(5)
        client = http.client.HTTPConnection(self.node.address, PORT, timeout=20)
        while not self._end.is_set():
            began = time.monotonic()
            outcome = self._ask(client)
            if not self.keep_alive or not isinstance(outcome, int):
                client.close()
            with self._lock:
                self.outcomes[outcome] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
        client.close()

    def _ask(self, client):
        try:
            client.request("GET", self.path)
            answer = client.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
