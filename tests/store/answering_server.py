"""A server that gives the answers it was told to, and keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Asked(NamedTuple):
    """A request: method, path with query, headers by lower-case name, body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


#: Status, headers and body of an answer.
Answered = tuple[int, dict[str, str], bytes]


class AnsweringServer:
    """The server; `answer` makes the answer to a request, `asked` are the requests so far."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answered] = lambda _: (200, {}, b"")
        self.endpoint = ""


@contextmanager
def answering_server() -> Iterator[AnsweringServer]:
    """A running server on a port of its own."""
    told = AnsweringServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Asked(self.command, self.path, headers, body)
            told.asked.append(request)
            status, answered, data = told.answer(request)
            self.send_response(status)
            for name, value in answered.items():
                self.send_header(name, value)
            if "Content-Length" not in answered:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            if answered.get("Connection") == "close":
                self.close_connection = True

        do_GET = do_POST = do_DELETE = do_CONNECT = _reply

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
