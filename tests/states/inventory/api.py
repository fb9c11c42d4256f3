"""A cloud's API on loopback: a real server that plays what each path answers, and notes what was asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """What it is answered. With `cut`, the connection ends after that many bytes of the body."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class Api:
    """What is played. `once` are replies that the next requests of a path get first, whatever they ask."""

    url: str = ""
    answer: Callable[[Request], Reply] = lambda request: Reply(status=404)
    once: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def paths(self) -> list[str]:
        """The paths that were asked, in order."""
        return [request.path for request in self.asked]


@contextlib.contextmanager
def serving() -> Iterator[Api]:
    """Serve an API on a free port."""
    api = Api()

    class Played(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            given = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            kind = self.headers.get("Content-Type", "")
            body = json.loads(given) if given and "json" in kind else given
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.title(): value for name, value in self.headers.items()},
                body,
            )
            api.asked.append(request)
            waiting = api.once.get(parts.path)
            reply = waiting.pop(0) if waiting else api.answer(request)
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: reply.cut])
            self.close_connection = True

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Played)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
