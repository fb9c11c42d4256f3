"""Ask a pack that is hosted in its own process: frames of requests over a socket pair, no server, no port.

The other side is a host of `hosts`, started with the variable PACKREG_FRAMES = `SOCKET,PAGE,TOKEN`. A pack
that it hosts prints the token where another prints its port.

    frame     8 bytes of id, count (4)        then as many requests: method (1), length (4), message
    answer    the frame's id, place (4), code (1), length (4)
              then for code 0 a message, else length (4) of a text, the text, and a traceback or nothing

Numbers are little-endian, methods the index in `METHODS`, codes gRPC's. Answers come in any order, as they
are ready. They are taken only with the id of a pending frame and for a request that has none yet; anything
else means that something wrote into the socket, and the pack is broken: its answers could not be told apart.

The page is memory that both sides share. The host writes there which request each of its threads works on. So
a deadline belongs to a request however many are in a frame, and when a pack breaks it is known which requests
it was working on; the others are asked again.
"""

from __future__ import annotations

import mmap
import os
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

VARIABLE = "PACKREG_FRAMES"
METHODS = (
    "Handshake",
    "GetAnalyzerInfo",
    "GetPluginInfo",
    "ConfigureStack",
    "Configure",
    "Remediate",
    "Analyze",
    "AnalyzeStack",
    "Cancel",
)
FRAME, REQUEST, ANSWER = struct.Struct("<8sI"), struct.Struct("<BI"), struct.Struct("<8sIBI")
#: Which request each of the host's threads works on: `frame << 32 | place + 1`, frames counted from 1; 0 is
#: none.
RUNNING = struct.Struct("<17Q")
#: Bytes that are read at once, and seconds after which the page is looked at.
_READ, _LOOK = 1 << 20, 0.1


class Said(NamedTuple):
    """An answer: gRPC's code; the message if that is 0, else the error's text, and a traceback or nothing."""

    code: int
    data: bytes
    text: str = ""
    trace: str = ""


class Broken(Exception):
    """No answer, and none will follow: a request took too long (`hung`), or the pack is gone."""

    def __init__(self, text: str, *, hung: bool = False) -> None:
        super().__init__(text)
        self.hung = hung


#: What became of a request: its answer, why there is none, or None if the pack did not get to it.
Outcome = Said | Broken | None


class Frame:
    """Requests that were sent together, and what became of each."""

    def __init__(self, frames: Frames, number: int, deadlines: Sequence[float]) -> None:
        self._frames = frames
        self.id = os.urandom(8)
        self.number = number
        self.deadlines = deadlines
        self.sent = time.monotonic()
        self.alone = False
        self.outcomes: list[Outcome] = [None] * len(deadlines)
        self.left = len(deadlines)

    def wait(self) -> list[Outcome]:
        """Wait until all requests are answered, or the pack is broken."""
        self._frames.wait(self)
        return self.outcomes


class Frames:
    """The calls of `analyzer.Calls` to one hosted pack. Only one thread may use it at a time; another may end
    the pack's process.
    """

    #: More requests in a frame gain nothing (measured).
    batch = 64
    batched = frozenset(("Remediate", "Analyze"))
    warnings = ()

    def __init__(self, channel: socket.socket, page: mmap.mmap, largest: int) -> None:
        """`largest` is the size in bytes of the largest answer that is taken."""
        channel.setblocking(False)
        self._channel = channel
        self._page = page
        self._largest = largest
        self._number = 0
        self._pending: deque[Frame] = deque()
        self._out: deque[memoryview] = deque()
        self._in = bytearray()
        self._working: dict[int, tuple[int, float]] = {}
        self._progress = self._looked = time.monotonic()
        self._broken = ""

    def send(self, requests: Sequence[tuple[str, bytes, float]]) -> Frame:
        """Send requests, each with its method and its deadline in seconds, without waiting for answers."""
        self._number += 1
        frame = Frame(self, self._number, [deadline for _, _, deadline in requests])
        parts = [FRAME.pack(frame.id, len(requests))]
        for method, data, _ in requests:
            parts += (REQUEST.pack(METHODS.index(method), len(data)), data)
        self._out.append(memoryview(b"".join(parts)))
        if not self._pending:
            self._progress = frame.sent
            frame.alone = len(requests) == 1
        self._pending.append(frame)
        if self._broken:
            frame.outcomes[0] = Broken(self._broken)
        else:
            self._write()
        return frame

    def call(self, method: str, request: bytes, deadline: float) -> Outcome:
        """Send one request and wait for its answer."""
        return self.send([(method, request, deadline)]).wait()[0]

    def wait(self, frame: Frame) -> None:
        """Wait until a frame is answered, or the pack is broken."""
        while frame.left and not self._broken:
            self._exchange()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    # ------------------------------------------------------------------------------------------------------

    def _exchange(self) -> None:
        """Write what can be written and read what has come, or see that a request has taken too long."""
        try:
            poll = select.poll()
            poll.register(self._channel, select.POLLIN | (select.POLLOUT if self._out else 0))
            events = dict(poll.poll(_LOOK * 1000)).get(self._channel.fileno(), 0)
            data = self._channel.recv(_READ) if events & ~select.POLLOUT else None
            if data == b"":
                self._break("the connection broke")
                return
            self._in += data or b""
            self._take()
            if events & select.POLLOUT and not self._broken:
                self._write()
            # Only when all that was said has been read: who was away for long must not take that for silence.
            all_read = data is None or len(data) < _READ
            if all_read and self._pending and time.monotonic() - self._looked >= _LOOK and not self._broken:
                self._look()
        except BlockingIOError:
            return
        except (OSError, ValueError):  # another thread has closed it
            self._break("the connection broke")

    def _write(self) -> None:
        try:
            while self._out:
                sent = self._channel.send(self._out[0])
                if sent < len(self._out[0]):
                    self._out[0] = self._out[0][sent:]
                else:
                    self._out.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._break("the connection broke")

    def _take(self) -> None:
        at = 0
        while len(self._in) - at >= ANSWER.size:
            name, place, code, length = ANSWER.unpack_from(self._in, at)
            frame = next((each for each in self._pending if each.id == name), None)
            if (
                frame is None
                or place >= len(frame.outcomes)
                or frame.outcomes[place] is not None
                or length > self._largest
            ):
                self._break("its answer is not one to what it was asked")
                return
            end = at + ANSWER.size + length
            if len(self._in) < end:
                break
            data = bytes(self._in[at + ANSWER.size : end])
            frame.outcomes[place] = Said(code, data) if code == 0 else _failed(code, data)
            frame.left -= 1
            at = end
        if at:
            del self._in[:at]
            self._progress = time.monotonic()
        while self._pending and not self._pending[0].left:
            self._pending.popleft()

    def _look(self) -> None:
        """Break the connection if a request has taken longer than its deadline."""
        now = self._looked = time.monotonic()
        running = {slot: value for slot, value in enumerate(RUNNING.unpack_from(self._page)) if value}
        for slot, value in running.items():
            if self._working.get(slot, (0, now))[0] != value:
                self._working[slot] = (value, self._began(value, now))
            deadline = self._deadline(value)
            if deadline is not None and now - self._working[slot][1] > deadline:
                self._break(f"it gave no answer within {deadline:g} s", only=value)
                return
        first = self._pending[0]
        longest = max(first.deadlines)
        # It neither works on a request nor answers: the pack stopped its host.
        if not any(self._deadline(value) for value in running.values()) and now - self._progress > longest:
            self._break(f"it gave no answer within {longest:g} s", hung=True)

    def _began(self, value: int, now: float) -> float:
        """When the pack began with the request that a slot of the page has named for the first time.

        That is now, as the page is looked at often; or when it was sent, if nothing was before it. Whoever
        asks several packs waits for another one meanwhile.
        """
        first = self._pending[0]
        return first.sent if first.alone and value >> 32 == first.number else now

    def _deadline(self, value: int) -> float | None:
        """The deadline of the request that a slot of the page names; None if it has been answered."""
        number, place = value >> 32, (value & 0xFFFFFFFF) - 1
        frame = next((each for each in self._pending if each.number == number), None)
        if frame is None or not 0 <= place < len(frame.outcomes) or frame.outcomes[place] is not None:
            return None
        return frame.deadlines[place]

    def _break(self, text: str, *, only: int = 0, hung: bool = False) -> None:
        """Say why the requests that the pack was working on, or `only` one of them, have no answer."""
        self._broken = self._broken or text
        blamed = [only] if only else list(RUNNING.unpack_from(self._page))
        blamed = [value for value in blamed if self._deadline(value) is not None]
        for frame in self._pending:
            places = [(value & 0xFFFFFFFF) - 1 for value in blamed if value >> 32 == frame.number]
            if not blamed and frame is self._pending[0]:
                places = [frame.outcomes.index(None)]
            for place in places:
                frame.outcomes[place] = Broken(text, hung=hung or bool(only))


def _failed(code: int, data: bytes) -> Said:
    size = int.from_bytes(data[:4], "little")
    text, trace = data[4 : 4 + size], data[4 + size :]
    return Said(code, b"", text.decode("utf-8", "replace"), trace.decode("utf-8", "replace"))
