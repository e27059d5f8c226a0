"""Servers that hear what nights tell: a webhook for messages, a monitor for signs of life."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Hook:
    """A webhook server; `status` is what it answers, `got` the messages that it accepted."""

    def __init__(self) -> None:
        self.status, self.asked = 200, 0
        self.got: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.asked += 1
                if hook.status == 200:
                    hook.got.append(said)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/hush-token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Monitor:
    """A monitor that is pinged; `asked` are the paths, `status` what it answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                monitor.asked.append(self.path)
                self.send_response(monitor.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hush-ping"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
