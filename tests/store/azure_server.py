"""A server on loopback that answers as it is told: what no service of Azure does, or Azurite cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from packreg.store.location import AzureLocation

#: Any key will do: this server checks no signature.
ENVIRON = {"AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "a2V5"}


class Answer(NamedTuple):
    """An answer: its status, headers and body. Without `sized`, no header says how long the body is."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    sized: bool = True


def refusal(status: int, code: str) -> Answer:
    """An error answer of Azure."""
    return Answer(status, {"x-ms-error-code": code}, f"<Error><Code>{code}</Code></Error>".encode())


def blob(body: bytes, *, size: int | None = None, **headers: str) -> Answer:
    """The answer to a read of a blob of `size` bytes, from its beginning."""
    size = len(body) if size is None else size
    said = {"Content-Range": f"bytes 0-{len(body) - 1}/{size}", "ETag": '"1"', "x-ms-blob-type": "BlockBlob"}
    return Answer(206, said | {name.replace("_", "-"): value for name, value in headers.items()}, body)


class AnsweringServer:
    """`answers` are given one by one; `asked` holds what was asked, method and path, and its headers."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.domain = ""

    @property
    def location(self) -> AzureLocation:
        """A container of it."""
        return AzureLocation("registry", "", "account", "http", self.domain, True)


@contextmanager
def answering_server() -> Iterator[AnsweringServer]:
    """The server, until the end of the context. Whatever is asked after the last answer fails the test."""
    told = AnsweringServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((f"{self.command} {self.path}", dict(self.headers)))
            answer = told.answers.pop(0) if told.answers else refusal(400, "NothingWasPlanned")
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.sized:
                self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            self.close_connection = True
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_DELETE = do_HEAD = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.domain = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()
