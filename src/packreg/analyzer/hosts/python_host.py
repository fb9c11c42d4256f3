"""Runs a Python policy pack, and answers for it over a socket instead of a gRPC server.

`python -u python_host.py MODULE ARGUMENT…` runs a module as `python -m` would. The variable PACKREG_FRAMES,
`SOCKET,PAGE,TOKEN`, names two open descriptors and a number. Without it the pack serves gRPC, as ever.

The SDK makes a gRPC server with its handlers. Here it gets a `Recorder` instead: no port is opened, the token
stands for the port in the SDK's first line of output, and the handlers are called with what comes over the
socket. `packreg.analyzer.frames` is the other side and describes the messages.

What must hold, so that a pack sees no difference:

* Handlers run in a thread that is not the main one, as under gRPC: on the main thread signals, event loops
  and context variables behave otherwise.
* Only calls from the SDK, with the analyzer's service, are recorded: a pack may have a gRPC server of its
  own.
* Requests are worked off in order while they need the processor. Those that wait (for a network, a program)
  go to the four threads that the SDK gave its server.
* Any error gives an answer, `SystemExit` too, which under gRPC would never be answered.
* A child that the pack forks cannot answer: the socket is closed there.

The same properties are converted once per call instead of once per policy: the SDKs ask protobuf's
`MessageToDict` for them at each policy. They copy the result, so a policy that changes what it was given
changes nothing for the next.

Written for Python 3.8 and later, with the standard library only: it runs in the pack's environment.
"""

from __future__ import annotations

import logging
import mmap
import os
import runpy
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

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
#: A frame's id and number of requests; a request's method and length; an answer's frame, place, code, length.
FRAME, REQUEST, ANSWER = struct.Struct("<8sI"), struct.Struct("<BI"), struct.Struct("<8sIBI")
#: On the shared page: which request each thread works on, as `frame << 32 | place + 1`, or 0. The first is
#: that of the thread which works in order.
RUNNING = struct.Struct("<Q")
THREADS = 4
OK, UNKNOWN, UNIMPLEMENTED, INTERNAL = 0, 2, 12, 13
#: Bytes of an error's text, and of its traceback, that are sent.
_TEXT, _TRACE = 8 << 10, 16 << 10
#: Answers wait at most so long (seconds), or until they are so many bytes.
_SOON, _ENOUGH = 0.02, 64 << 10
#: A request that waited longer than this for anything but the processor (seconds) waits for others.
_WAITED = 0.002
#: Above this size (bytes) the properties of an AnalyzeStack request are converted anew for each policy, as
#: ever: what is kept takes some ten times as much memory.
_REMEMBERED = 16 << 20
_SDK = "pulumi_policy.policy"
_SERVICE = "/pulumirpc.Analyzer/"


class _Details:
    """What a generic handler is asked for."""

    def __init__(self, method: str) -> None:
        self.method = _SERVICE + method
        self.invocation_metadata: Sequence[Any] = ()


class _Context:
    """The part of gRPC's ServicerContext that a handler may use: it can say how the call ends."""

    def __init__(self) -> None:
        self.status = OK
        self.text = ""
        self.aborted = False

    def set_code(self, code: Any) -> None:
        self.status = code.value[0]

    def set_details(self, details: str) -> None:
        self.text = details

    def abort(self, code: Any, details: str) -> None:
        self.set_code(code)
        self.text = details
        self.aborted = True
        raise RuntimeError(details)

    def invocation_metadata(self) -> Sequence[Any]:
        return ()


class _Memo:
    """Protobuf's `MessageToDict`, which within one call converts each message once."""

    def __init__(self, convert: Callable[..., Any]) -> None:
        self._convert = convert
        self._kept = threading.local()

    def begin(self) -> None:
        self._kept.by_id = {}

    def end(self) -> None:
        self._kept.by_id = None

    def __call__(self, message: Any, *args: Any, **kwargs: Any) -> Any:
        kept = getattr(self._kept, "by_id", None)
        if kept is None or args or kwargs:
            return self._convert(message, *args, **kwargs)
        # The message is kept too: its id is its own only while it lives.
        found = kept.get(id(message))
        if found is None:
            found = kept[id(message)] = (message, self._convert(message))
        return found[1]


class _Recorder:
    """Stands in for the SDK's gRPC server, and becomes one where it is asked for anything else."""

    def __init__(self, host: _Host, make: Callable[[], Any], pool: Executor) -> None:
        self._host = host
        self._make = make
        self._pool = pool
        self._calls: list[tuple[str, tuple[Any, ...]]] = []
        self._server: Any = None

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        self._calls.append(("add_generic_rpc_handlers", (handlers,)))

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        self._calls.append(("add_registered_method_handlers", (service, handlers)))

    def add_insecure_port(self, address: str) -> int:
        handlers = self._handlers()
        if self._server is None and "Analyze" in handlers and self._host.take(handlers, self._pool):
            return self._host.token
        return int(self._real().add_insecure_port(address))

    def start(self) -> None:
        if self._server is None:
            self._host.start()
        else:
            self._server.start()

    def stop(self, grace: Any) -> Any:
        return None if self._server is None else self._server.stop(grace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def _real(self) -> Any:
        if self._server is None:
            self._server = self._make()
            for name, args in self._calls:
                getattr(self._server, name)(*args)
        return self._server

    def _handlers(self) -> dict[str, Any]:
        """The analyzer's handlers by method; {} if one is not of the kind "one request, one answer"."""
        found: dict[str, Any] = {}
        for name, args in self._calls:
            for method in METHODS:
                if name == "add_registered_method_handlers":
                    handler = args[1].get(method) if args[0] == "pulumirpc.Analyzer" else None
                else:
                    handler = next((h for each in args[0] if (h := each.service(_Details(method)))), None)
                if handler is not None:
                    if handler.request_streaming or handler.response_streaming:
                        return {}
                    found[method] = handler
        return found


class _Host:
    """Calls the recorded handlers with the requests that come over the socket."""

    def __init__(self, given: str) -> None:
        channel, page, token = map(int, given.split(","))
        self.token = token
        os.set_inheritable(channel, False)
        self._channel = socket.socket(fileno=channel)
        self._page = mmap.mmap(page, mmap.PAGESIZE)
        os.close(page)
        self._pid = os.getpid()
        self._handlers: Mapping[str, Any] = {}
        self._pool: Executor | None = None
        self._memo = _Memo(dict)
        self._received = bytearray()
        self._lock = threading.Lock()
        self._ready: list[bytes] = []
        self._size = 0
        self._sent = 0.0
        self._waiting = False
        self._slots = list(range(THREADS, 0, -1))
        os.register_at_fork(after_in_child=self._forked)

    def record(self) -> None:
        """Give the SDK a `Recorder` where it makes its server."""
        import grpc

        real = grpc.server

        def server(thread_pool: Any, *args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_globals.get("__name__") != _SDK or "interceptors" in kwargs:
                return real(thread_pool, *args, **kwargs)
            return _Recorder(self, lambda: real(thread_pool, *args, **kwargs), thread_pool)

        grpc.server = server

    def take(self, handlers: Mapping[str, Any], pool: Executor) -> bool:
        """Answer by these handlers from now on; False if those of another server are taken already."""
        if self._handlers:
            return False
        from google.protobuf import json_format

        self._handlers, self._pool = handlers, pool
        self._memo = _Memo(json_format.MessageToDict)
        json_format.MessageToDict = self._memo
        return True

    def start(self) -> None:
        threading.Thread(target=self._serve, name="analyzer", daemon=True).start()

    # --- requests -----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        number = 0
        try:
            while True:
                frame, count = FRAME.unpack(self._read(FRAME.size))
                number += 1
                self._work(frame, number, count)
        except (EOFError, OSError):
            return

    def _work(self, frame: bytes, number: int, count: int) -> None:
        pending: list[Future[None]] = []
        began, used = time.perf_counter(), time.process_time()
        for place in range(count):
            which, length = REQUEST.unpack(self._read(REQUEST.size))
            data = bytes(self._read(length))
            method = METHODS[which]
            if self._waiting and self._pool and method in ("Analyze", "Remediate"):
                pending.append(self._pool.submit(self._later, frame, number, place, method, data))
                continue
            self._running(0, number, place)
            wall, processor = time.perf_counter(), time.thread_time()
            answer = self._answer(method, data)
            wall, processor = time.perf_counter() - wall, time.thread_time() - processor
            self._waiting = self._waiting or (count > 1 and wall - processor > max(_WAITED, processor))
            self._say(frame, place, answer)
        for each in pending:
            each.result()
        if pending:
            wall, processor = time.perf_counter() - began, time.process_time() - used
            self._waiting = processor < 0.7 * wall
        self._page[: RUNNING.size] = bytes(RUNNING.size)
        self._flush()

    def _later(self, frame: bytes, number: int, place: int, method: str, data: bytes) -> None:
        slot = self._slots.pop()
        try:
            self._running(slot, number, place)
            self._say(frame, place, self._answer(method, data))
            self._flush()
        finally:
            RUNNING.pack_into(self._page, slot * RUNNING.size, 0)
            self._slots.append(slot)

    def _running(self, slot: int, number: int, place: int) -> None:
        RUNNING.pack_into(self._page, slot * RUNNING.size, number << 32 | place + 1)

    def _answer(self, method: str, data: bytes) -> tuple[int, bytes]:
        """The code of a request's answer, and its bytes: a message, or a text and a traceback."""
        handler = self._handlers.get(method)
        if handler is None:
            return UNIMPLEMENTED, _failed("Method not found!")
        try:
            request = handler.request_deserializer(data)
        except Exception:  # noqa: BLE001  any is an answer, as in gRPC's server
            return INTERNAL, _failed("Exception deserializing request!")
        context = _Context()
        if method == "Analyze" or (method == "AnalyzeStack" and len(data) <= _REMEMBERED):
            self._memo.begin()
        try:
            response = handler.unary_unary(request, context)
        except BaseException as error:  # noqa: BLE001
            return _raised(error, context)
        finally:
            self._memo.end()
            if os.getpid() != self._pid:  # the pack forked in a policy, and this is the child
                os._exit(0)
        if context.status != OK:
            return context.status, _failed(context.text)
        try:
            return OK, bytes(handler.response_serializer(response))
        except Exception:  # noqa: BLE001
            return INTERNAL, _failed("Failed to serialize response!")

    # --- the socket ---------------------------------------------------------------------------------------

    def _read(self, size: int) -> bytearray:
        while len(self._received) < size:
            wanted = max(size - len(self._received), 256 << 10)
            chunk = self._channel.recv(min(wanted, 4 << 20))
            if not chunk:
                raise EOFError
            self._received += chunk
        data = self._received[:size]
        del self._received[:size]
        return data

    def _say(self, frame: bytes, place: int, answer: tuple[int, bytes]) -> None:
        code, data = answer
        with self._lock:
            self._ready += (ANSWER.pack(frame, place, code, len(data)), data)
            self._size += len(data)
            late = self._size >= _ENOUGH or time.perf_counter() - self._sent >= _SOON
        if late:
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            if self._ready:
                data = b"".join(self._ready)
                self._ready, self._size = [], 0
                self._channel.sendall(data)
            self._sent = time.perf_counter()

    def _forked(self) -> None:
        self._channel.close()


def _raised(error: BaseException, context: _Context) -> tuple[int, bytes]:
    """The answer when a handler raised, in gRPC's words; the log gets what gRPC's server writes there."""
    if context.aborted:
        return context.status or UNKNOWN, _failed(context.text)
    try:
        text = f"Exception calling application: {error}"
    except Exception:  # noqa: BLE001  its own __str__ raised
        text = "Calling application raised unprintable Exception!"
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    logging.getLogger("grpc._server").error("%s\n%s", text, trace.rstrip("\n"))
    return context.status or UNKNOWN, _failed(context.text or text, trace)


def _failed(text: str, trace: str = "") -> bytes:
    said = str(text).encode("utf-8", "replace")[:_TEXT]
    return struct.pack("<I", len(said)) + said + trace.encode("utf-8", "replace")[-_TRACE:]


def main() -> None:
    """Run the module, hosted if packreg asks for it."""
    given = os.environ.pop(VARIABLE, "")
    sys.path[0] = os.getcwd()  # noqa: PTH109
    # Tracebacks of policies' errors go to the process's log, as gRPC returns only the texts. Calls of a
    # method that the SDK lacks are not logged, as they are no errors of policies.
    handler = logging.StreamHandler()
    handler.addFilter(lambda said: "Method not implemented!" not in said.getMessage())
    logging.getLogger("grpc._server").addHandler(handler)
    if given:
        host = _Host(given)
        with suppress(Exception):  # the SDK's own import will say what is wrong
            host.record()
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
