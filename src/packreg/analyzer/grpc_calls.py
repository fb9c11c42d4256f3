"""Ask a pack that serves gRPC on a port of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import grpc

from packreg.analyzer.frames import Broken, Outcome, Said
from packreg.analyzer.protocol.encode import MAX_ANSWER, MAX_MESSAGE
from packreg.analyzer.protocol.many import ANNOUNCEMENT, BATCH, METHOD, SERVICE, WARNING, join, split
from packreg.text import one_line

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_ANSWER),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.enable_http_proxy", 0),  # the pack is on this machine, whatever proxy the environment names
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),  # ports are reused: do not share a connection to an earlier pack
)
_GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


class GrpcCalls:
    """The calls of `analyzer.Calls` over a gRPC channel. Several threads may use it.

    packreg's own analyzer of OPA packs announces in its answer to Handshake that it takes many Analyze
    requests at once (see `protocol.many`).
    """

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS)
        self._methods: dict[str, Callable[..., Any]] = {}
        self.batch = 1
        self.batched: frozenset[str] = frozenset()
        self.warnings: tuple[str, ...] = ()

    def send(self, requests: Sequence[tuple[str, bytes, float]]) -> _Call:
        """Send one request, or many of Analyze, without waiting for an answer."""
        [(method, request, deadline), *others] = requests
        if others:
            request = join(data for _, data, _ in requests)
            method = METHOD
        try:
            future = self._method(method).future(request, timeout=deadline)  # type: ignore[attr-defined]
        except ValueError as closed:  # another thread has closed the channel
            return _Call(None, len(requests), Broken(str(closed)), deadline)
        return _Call(future, len(requests), None, deadline)

    def call(self, method: str, request: bytes, deadline: float) -> Outcome:
        """Send one request and wait. That takes half the processor time of `send`, which starts a thread that
        waits for the answer (measured).
        """
        if method == "Handshake":
            return self._handshake(request, deadline)
        try:
            return Said(0, self._method(method)(request, timeout=deadline))
        except grpc.RpcError as error:
            return _failed(error, deadline)
        except ValueError as closed:
            return Broken(str(closed))

    def close(self) -> None:
        """Close the channel; pending calls end."""
        self._channel.close()

    def _handshake(self, request: bytes, deadline: float) -> Outcome:
        try:
            handshake: Any = self._method("Handshake")
            data, call = handshake.with_call(request, timeout=deadline)
        except grpc.RpcError as error:
            return _failed(error, deadline)
        said = [tuple(each) for each in call.trailing_metadata() or ()]
        if ANNOUNCEMENT in said:
            self.batch, self.batched = BATCH, frozenset(("Analyze",))
            texts = (text for name, text in said if name == WARNING and isinstance(text, bytes))
            self.warnings = tuple(one_line(text.decode("utf-8", "replace"), 200) for text in texts)
        return Said(0, data)

    def _method(self, name: str) -> Callable[..., Any]:
        if name not in self._methods:
            path = f"/{SERVICE}/{name}" if name == METHOD else f"/pulumirpc.Analyzer/{name}"
            self._methods[name] = self._channel.unary_unary(path)
        return self._methods[name]


class _Call:
    """A pending call with one request, or with many."""

    def __init__(self, future: Any, count: int, broken: Broken | None, deadline: float) -> None:
        self._future, self._count, self._broken, self._deadline = future, count, broken, deadline

    def wait(self) -> list[Outcome]:
        """What became of each request. An analyzer that does not take many gives none of them an answer."""
        outcome: Outcome = self._broken
        try:
            if outcome is None:
                outcome = Said(0, self._future.result())
        except grpc.FutureCancelledError:
            outcome = Broken("the call was cancelled")
        except grpc.RpcError as error:
            outcome = _failed(error, self._deadline)
        if self._count == 1 or isinstance(outcome, Broken):
            return [outcome] * self._count
        found: list[Outcome] = []
        try:
            for entry in split(outcome.data) if outcome.code == 0 else ():
                found.append(Said(0, entry) if isinstance(entry, bytes) else Said(2, b"", entry))
        except ValueError:
            found = []
        return [*found, *[None] * self._count][: self._count]


def _failed(error: Any, deadline: float) -> Said | Broken:
    code = error.code()
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return Broken(f"it gave no answer within {deadline:g} s", hung=True)
    if code in _GONE:
        return Broken("the connection broke")
    return Said(code.value[0], b"", str(error.details() or ""))
