"""The appliance's two languages, spoken by hand: HTTP to the gateway, JSON lines to an agent's socket."""
import ctypes
import http.client
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def connect(namespace, address, port, limit):
    """A TCP connection within a network namespace: its socket is made by a thread that has moved there."""

    def make():
        with open(namespace) as file:
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns", namespace)
        return socket.create_connection((address, port), timeout=limit)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(make).result()


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The answer as a problem, which it must be."""
        assert self.status >= 400, f"this was not refused: {self}"
        assert self.headers["Content-Type"] == "application/problem+json", f"no problem: {self}"
        problem = self.json
        assert problem["status"] == self.status and problem["kind"] and problem["detail"], problem
        return problem

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


def ask(connection, address, method, path, body=None, headers=None, limit=30):
    """One HTTP exchange over a connection, which is closed afterwards."""
    sent = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    client = http.client.HTTPConnection(*address, timeout=limit)
    client.sock = connection
    try:
        client.request(method, path, body, sent)
        answer = client.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        client.close()


class Refusal(Exception):
    """An agent's error: its code, message, and the members of a problem."""

    def __init__(self, error):
        super().__init__(json.dumps(error)[:500])
        self.code = error["code"]
        self.message = error["message"]
        data = error.get("data", {})
        self.kind = data.get("kind")
        self.pointer = data.get("pointer")


class Agent:
    """A connection to an agent's socket."""

    def __init__(self, path, limit=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(limit)
        self.socket.connect(os.fspath(path))
        self.replies = self.socket.makefile("rb")

    def send(self, line):
        self.socket.sendall(line + b"\n")

    def reply(self):
        """The next line that is no progress; None at the end, in good order or not."""
        try:
            while line := self.replies.readline():
                message = json.loads(line)
                if message.get("method") != "$/progress":
                    return message
        except ConnectionResetError:
            pass  # closed by the agent before it had read all that was sent
        return None

    def call(self, method, params=None, meta=None):
        """The result. Raises `Refusal`."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method}
        if params is not None:
            request["params"] = params
        if meta is not None:
            request["meta"] = meta
        self.send(json.dumps(request).encode())
        return self.result()

    def result(self):
        message = self.reply()
        assert message is not None, "the agent closed the connection without an answer"
        if "error" in message:
            raise Refusal(message["error"])
        return message["result"]

    def close(self):
        self.replies.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
