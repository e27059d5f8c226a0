"""A local server that behaves like a system's API, with faults where a test wants them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class Reply:
    """An answer. `cut`: the connection ends in the middle of the body."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class FakeApi:
    """Routes, the faults to come by number of request, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: dict[int, Reply] = {}
        self.then: dict[int, Callable[[], None]] = {}
        self.always: Reply | None = None
        self.down = ""
        self.clock = lambda: datetime.now(UTC)
        self.address = ""

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def reply(self, asked: Asked) -> Reply:
        """The fault that was planned for this request, else the API's answer."""
        if self.always is not None:
            return self.always
        if asked.path == self.down:
            return Reply(b"", 500)
        fault = self.faults.pop(asked.number, None)
        done = fault if fault is not None else self.answer(asked)
        if fault is not None and fault.cut:
            done = Reply(self.answer(asked).content, cut=True)
        if (then := self.then.pop(asked.number, None)) is not None:
            then()
        return done


@contextmanager
def serving(api: FakeApi) -> Iterator[FakeApi]:
    """The API on a port of this host, for as long as the block lasts."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length).decode()
            parts = urlsplit(self.path)
            with lock:
                asked = Asked(
                    len(api.asked) + 1, self.command, parts.path, dict(parse_qsl(parts.query)),
                    {k.lower(): v for k, v in self.headers.items()}, text,
                )  # fmt: skip
                api.asked.append(asked)
                reply = api.reply(asked)
            content = reply.content
            self.send_response_only(reply.status)
            self.send_header("Date", format_datetime(api.clock(), usegmt=True))
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.cut:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Says nothing of a client that was killed."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    api.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
