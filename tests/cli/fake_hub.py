"""A hub of a few lines on loopback, which answers as a test tells it to: patient, rude, or gone in mid-sentence."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


def a_receipt(number=7, *, state="completed", **fields):
    """A receipt of two new rows; it has what a test gives it beside."""
    counts = dict.fromkeys(("changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn"), 0)
    usual = {
        "id": number,
        "node": "surabaya",
        "state": state,
        "dry_run": False,
        "counts": {"seen": 2, "new": 2, **counts, **fields.pop("counts", {})},
        "progress": {"rows_done": 2, "rows_total": 2},
        "problems": 0,
        "first_problems": [],
    }
    return {**usual, **fields}


def a_problem(row=3, cell="F3", **fields):
    return {
        "code": "amount-ambiguous",
        "severity": "error",
        "row": row,
        "cell": cell,
        "pointer": None,
        "field": "pagu",
        "value": "1.500",
        "message": {"id": "Nilai “1.500” bermakna ganda.", "en": "The amount “1.500” is ambiguous."},
        **fields,
    }


def a_refusal(code, title="Refused", **fields):
    message = {"id": "Kalimat contoh.", "en": "An invented sentence."}
    return {"code": code, "title": title, "detail": message["en"], "message": message, **fields}


CUT = object()
"""Instead of an answer: the connection ends."""


class FakeHub:
    """What was asked of it, in order; each POST is answered by the next of `answers`, the last one for ever."""

    def __init__(self):
        self.answers = [(201, a_receipt(), {})]
        self.pages = {}
        self.posts = []
        self.gets = []
        self.url = ""

    def page(self, path, *answers):
        """What a GET below /api/v1 is answered, one after the other, the last one for ever."""
        self.pages[path] = list(answers)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        hub = self.server.hub
        answer = hub.answers.pop(0) if len(hub.answers) > 1 else hub.answers[0]
        length = int(self.headers["content-length"])
        if answer is CUT:
            # Somewhere in the middle of the upload, the line is gone.
            self.rfile.read(length // 2)
            hub.posts.append(None)
            self.close_connection = True
            self.connection.close()
            return
        body = self.rfile.read(length)
        if len(body) < length:
            # The sender went away: what did not come whole was not handed over.
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.posts.append({"path": parts.path, "query": parse_qsl(parts.query), "headers": headers, "body": body})
        self._answer(answer, body)

    def do_GET(self):
        hub = self.server.hub
        path = urlsplit(self.path).path.removeprefix("/api/v1/")
        hub.gets.append(path)
        answers = hub.pages.get(path, [(404, a_refusal("not-found"), {})])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is CUT:
            self.close_connection = True
            self.connection.close()
            return
        self._answer(answer, b"")

    def _answer(self, answer, body):
        status, content, headers = answer
        if isinstance(content, dict):
            if "counts" in content:
                content = {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body), **content}
            content, kind = (
                json.dumps(content).encode(),
                "application/problem+json" if status >= 400 else "application/json",
            )
        else:
            kind = "application/octet-stream"
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A caller whose connection was cut is what some tests are about."""


@contextmanager
def fake_hub():
    hub = FakeHub()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = hub
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
