"""A proxy in front of an S3 server that spoils requests: what a network, a gateway or the server may do.

It passes requests on byte for byte, so signatures stay valid. Faults are planned one by one (`plan`), or
drawn by chance (`chance`). It runs in a thread of its own, or by itself:

    python -m tests.store.fault_proxy UPSTREAM_PORT --rate 0.6
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import threading
from collections import Counter, deque
from typing import NamedTuple

#: What can happen to a PUT; one word each, and what becomes of the write.
WRITE_FAULTS = (
    "503-before",  # not applied
    "500-before",
    "409-before",
    "429-before",
    "reset-before",  # connection cut before a byte went on
    "cut-upload",  # half of the body goes on
    "500-after",  # applied
    "503-after",
    "drop-after",  # applied, no answer
    "json-after",  # applied, 201 with a body that is no XML
    "sent-twice",  # applied, and the answer of a second sending: 412
    "late",  # no answer, applied some time later
)
READ_FAULTS = ("503-before", "reset-before", "cut-answer", "drop-after", "html-404")
_XML = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code} from the proxy</Message></Error>'
_CODES = {"409": "ConditionalRequestConflict", "429": "SlowDown", "500": "InternalError", "503": "SlowDown"}


class _Request(NamedTuple):
    method: str
    head: bytes
    body: bytes

    @property
    def is_write(self) -> bool:
        """Whether it creates an object: a conditional PUT, or an upload to Google Cloud Storage."""
        head = self.head.lower()
        return (self.method == "PUT" and b"\nif-none-match:" in head) or (
            self.method == "POST" and b"ifgenerationmatch=0" in head
        )


class FaultProxy:
    """The proxy; use it as a context manager.

    `endpoint` is its URL. `seen` counts what was done to writes and reads, with `write` or `read` in front.
    """

    def __init__(self, upstream_port: int) -> None:
        self._upstream = upstream_port
        self._writes: deque[str] = deque()
        self._reads: deque[str] = deque()
        self._rates = (0.0, 0.0)
        self._faults: tuple[str, ...] = WRITE_FAULTS
        self._random = random.Random(0)
        self._delay = 1.0
        self._settling = asyncio.Event()
        self._pending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.endpoint = ""
        self.seen: Counter[str] = Counter()

    def plan(self, *, writes: tuple[str, ...] = (), reads: tuple[str, ...] = ()) -> None:
        """Say what happens to the next conditional PUTs and the next GETs; then everything passes.

        Late writes that were planned arrive at `settle`.
        """
        self._writes.extend(writes)
        self._reads.extend(reads)

    def chance(
        self,
        *,
        writes: float,
        reads: float,
        seed: int,
        delay: float = 1.0,
        faults: tuple[str, ...] = WRITE_FAULTS,
    ) -> None:
        """Spoil these shares of writes and reads; late writes arrive after up to `delay` seconds."""
        self._rates = (writes, reads)
        self._random = random.Random(seed)
        self._delay = delay
        self._faults = faults

    def settle(self, seconds: float = 30) -> None:
        """Wait until every late write has arrived."""

        async def wait() -> None:
            self._settling.set()
            while self._pending:
                await asyncio.sleep(0.02)
            self._settling.clear()

        asyncio.run_coroutine_threadsafe(wait(), self._loop).result(seconds)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
        self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _draw(self, request: _Request) -> str:
        if request.is_write:
            planned, rate, faults = self._writes, self._rates[0], self._faults
        elif request.method == "GET":
            planned, rate, faults = self._reads, self._rates[1], READ_FAULTS[:-1]
        else:
            return "pass"
        if planned:
            return planned.popleft()
        return self._random.choice(faults) if self._random.random() < rate else "pass"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await self._read_request(reader, writer)
            if request:
                fault = self._draw(request)
                self.seen[("write " if request.is_write else "read ") + fault] += 1
                writer.write(await self._answer(request, fault))
                await writer.drain()
        writer.close()

    async def _read_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> _Request | None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() == b"expect":  # answered here, so that the upstream is asked only once
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(length)
        return _Request(head.split(b" ", 1)[0].decode(), head, body)

    async def _answer(self, request: _Request, fault: str) -> bytes:
        """What the client gets to read before its connection is closed; nothing at all for some faults."""
        status, _, when = fault.partition("-")
        if when == "before":
            return self._error(status) if status.isdigit() else b""
        if fault == "late":
            wait = self._delay * self._random.uniform(0.2, 1.0) if self._rates[0] else None
            task = asyncio.ensure_future(self._deliver_late(request, wait))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
            return b""
        if fault == "cut-upload":
            await self._forward(request, body=request.body[: len(request.body) // 2])
            return b""
        if fault == "html-404":
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n<html></html>"
        answer = await self._forward(request)
        if fault == "sent-twice":
            answer = await self._forward(request)
        if fault == "cut-answer":
            return answer[: -max(1, len(answer.partition(b"\r\n\r\n")[2]) // 2)]
        if fault == "drop-after":
            return b""
        if fault == "json-after":
            return b'HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\n{"ok":true}'
        if when == "after":
            return self._error(status)
        return answer

    async def _deliver_late(self, request: _Request, wait: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settling.wait(), wait)
        with contextlib.suppress(OSError):
            await self._forward(request)

    async def _forward(self, request: _Request, body: bytes | None = None) -> bytes:
        """Send a request on over a connection of its own and read the whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            lines = [
                line
                for line in request.head[:-4].split(b"\r\n")
                if line.split(b":")[0].lower() not in (b"connection", b"expect")
            ]
            writer.write(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
            writer.write(request.body if body is None else body)
            if body is not None:  # then the connection breaks, as the client's did
                await writer.drain()
                return b""
            await writer.drain()
            return await asyncio.wait_for(reader.read(-1), 60)
        finally:
            writer.close()

    @staticmethod
    def _error(status: str) -> bytes:
        body = _XML.format(code=_CODES[status]).encode()
        head = f"HTTP/1.1 {status} Spoiled\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}"
        return head.encode() + b"\r\n\r\n" + body


def main() -> None:
    """Run the proxy until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("upstream_port", type=int)
    parser.add_argument("--rate", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with FaultProxy(options.upstream_port) as proxy:
        proxy.chance(writes=options.rate, reads=options.rate / 4, seed=options.seed)
        print(proxy.endpoint, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        print(dict(proxy.seen))


if __name__ == "__main__":
    main()
