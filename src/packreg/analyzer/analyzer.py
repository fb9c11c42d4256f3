"""The gRPC client of one running policy pack: Pulumi's analyzer protocol, with a deadline on every call."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc

from packreg.analyzer.packinfo import read_info
from packreg.analyzer.process import Process
from packreg.analyzer.program import Deadlines, Stack
from packreg.analyzer.program_errors import RAISED, TRACEBACK, raised
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import MAX_ANSWER, MAX_MESSAGE, encode_configuration
from packreg.analyzer.protocol.many import ANNOUNCEMENT, BATCH, METHOD, SERVICE, WARNING, answers, join
from packreg.errors import PackFailed
from packreg.pack.metadata import PackInfo
from packreg.text import one_line

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_ANSWER),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.enable_http_proxy", 0),  # the pack is on this machine, whatever proxy the environment names
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),  # ports are reused: do not share a connection to an earlier pack
)


#: Fields that an answer may have, such as the violations of one resource.
_MAX_PARTS = 100_000
#: Seconds to connect in; a short time, as SDKs listen before they print their port.
_CONNECT = 5.0
#: Seconds to wait for a pack's log lines: its server writes them before it answers, a thread here reads them.
_WRITES_WITHIN = 2.0
#: Characters of a pack's error text that are shown.
_SHOWN = 1000


class CallFailed(Exception):
    """A call to a pack got no answer. `kind` says what that means for the pack:

    "raised": a policy failed, the pack is fine; "timeout": it may hang forever; "gone": its process ended
    or dropped the connection; "refused": it does not accept this request; "unsupported": it does not have
    this method. `details` is the pack's error text; `why` is the same with the place in the pack, if known.
    """

    def __init__(self, kind: str, details: str, why: str = "") -> None:
        super().__init__(details)
        self.kind = kind
        self.details = details
        self.why = why or details


_KINDS = {
    grpc.StatusCode.UNKNOWN: "raised",
    grpc.StatusCode.DEADLINE_EXCEEDED: "timeout",
    grpc.StatusCode.UNAVAILABLE: "gone",
    grpc.StatusCode.CANCELLED: "gone",
    grpc.StatusCode.UNIMPLEMENTED: "unsupported",
}


class Answer:
    """The pending answer to a call. `result` waits for it."""

    def __init__(self, future: Any, failed: Callable[[Any], CallFailed]) -> None:
        self._future = future
        self._failed = failed

    def result(self) -> Any:
        """Wait for the answer and return its message. Raises CallFailed."""
        try:
            return self._future.result()
        except grpc.FutureCancelledError:
            raise CallFailed("gone", "the call was cancelled") from None
        except grpc.RpcError as error:
            raise self._failed(error) from None

    def metadata(self) -> list[tuple[str, str | bytes]]:
        """The trailing metadata of the answer, as (name, value)."""
        return [tuple(each) for each in self._future.trailing_metadata() or ()]


class Analyzer:
    """A started pack that can be asked. Only one user at a time, as its configuration is that of the process.

    `batch` is how many resources it takes in one call: 1, or more for packreg's own analyzer of OPA packs.
    `warnings` are sentences that a report of its findings should show.
    """

    def __init__(
        self,
        process: Process,
        deadlines: Deadlines,
    ) -> None:
        """Connect and shake hands. Raises PackFailed when no analyzer answers at the pack's port."""
        self.process = process
        self.deadlines = deadlines
        self._channel = grpc.insecure_channel(f"127.0.0.1:{process.port}", options=_OPTIONS)
        self._remediate = self._method("Remediate", pb.RemediateResponse)
        self._analyze = self._method("Analyze", pb.AnalyzeResponse)
        self._analyze_stack = self._method("AnalyzeStack", pb.AnalyzeResponse)
        many = f"/{SERVICE}/{METHOD}"
        self._analyze_many: Any = self._channel.unary_unary(many, response_deserializer=answers)
        self.batch = 1
        self.warnings: tuple[str, ...] = ()
        self._read_to: dict[str, int] = {}
        self._logs_nothing = False
        try:
            self._connect()
        except BaseException:
            self._channel.close()
            raise

    def configure_stack(self, stack: Stack) -> None:
        """Tell the pack which stack it judges. SDKs before 1.19 lack the method. Raises CallFailed."""
        request = pb.ConfigureStackRequest(
            stack=stack.stack,
            project=stack.project,
            organization=stack.organization,
            dry_run=stack.dry_run,
            config_secret_keys=stack.secret_keys,
            config=dict(stack.config),
            tags=dict(stack.tags),
        )
        self._tolerated(self._send("ConfigureStack", request, pb.Empty))

    def info(self) -> PackInfo:
        """The pack's metadata. Raises PackFailed when it cannot be used."""
        name = self.process.program.name
        try:
            message = self._call("GetAnalyzerInfo", pb.Empty(), pb.AnalyzerInfo)
            sdk = self._tolerated(self._send("GetPluginInfo", pb.Empty(), pb.PluginInfo))
        except CallFailed as error:
            raise PackFailed(
                f"{name} does not say what it is: {error}", code="no-metadata", log=self.process.tail()
            ) from None
        return read_info(message, sdk.version if sdk is not None else "", name)

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Set the levels and properties of all policies, for later calls. Raises CallFailed, Unsendable."""
        self._call("Configure", encode_configuration(settings), pb.Empty)

    def ask(self, method: str, request: bytes) -> Answer:
        """Send an encoded Remediate, Analyze or AnalyzeStack request; several may be pending at once."""
        call, deadline = self._judging(method)
        return self._ask(call, request, deadline)

    def call(self, method: str, request: bytes) -> Any:
        """Send a request as `ask` does, and return the message of its answer. Raises CallFailed.

        For one request at a time this takes half the processor time of `ask`, as it starts no thread that
        waits for the answer (measured).
        """
        call, deadline = self._judging(method)
        try:
            return call(request, timeout=deadline)
        except grpc.RpcError as error:
            raise self._failed(error, deadline) from None
        except ValueError as closed:  # another thread has closed the channel
            raise CallFailed("gone", str(closed)) from None

    def ask_many(self, requests: Sequence[bytes]) -> Answer:
        """Send up to `batch` encoded Analyze requests in one call, to an analyzer that announced the method.

        The answer is a list in the order of the requests: a response, or the error text if a policy raised.
        It may be shorter than the list of requests.
        """
        return self._ask(self._analyze_many, join(requests), self.deadlines.analyze)

    def close(self, *, grace: float = 5.0) -> None:
        """Call Cancel, close the connection, and stop the process.

        The process has `grace` seconds to end after it is interrupted. (The SDKs lack Cancel, other analyzers
        may have it.)
        """
        if grace > 0 and self.process.alive:
            with contextlib.suppress(CallFailed, ValueError):  # closed already, or unreachable
                self._ask(self._method("Cancel", pb.Empty), b"", min(grace, 1.0)).result()
        self._channel.close()
        self.process.close(grace=grace)

    # ------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        """Wait until the pack listens on its port, and call Handshake.

        The port may be wrong: if the pack itself prints a number, nobody listens there, or another program.
        """
        directory = str(self.process.program.directory)
        request = pb.HandshakeRequest(
            engine_address="127.0.0.1:1", root_directory=directory, program_directory=directory
        )
        until = time.monotonic() + min(_CONNECT, self.deadlines.call)
        while True:
            try:
                handshake = self._send("Handshake", request, pb.Empty)
                said = handshake.metadata() if self._tolerated(handshake) is not None else []
                if ANNOUNCEMENT in said:
                    self.batch = BATCH
                    texts = (text for name, text in said if name == WARNING and isinstance(text, bytes))
                    self.warnings = tuple(one_line(text.decode("utf-8", "replace"), 200) for text in texts)
                return
            except CallFailed as error:
                if error.kind == "gone" and self.process.alive and time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                why = str(error) if self.process.alive else self.process.ending()
                raise PackFailed(
                    f"{self.process.program.name} reported the port {self.process.port}, but no analyzer "
                    f"answers there: {why}",
                    code="no-answer",
                    log=self.process.tail(),
                ) from None

    def _judging(self, method: str) -> tuple[Callable[..., Any], float]:
        if method == "AnalyzeStack":
            return self._analyze_stack, self.deadlines.stack
        return self._remediate if method == "Remediate" else self._analyze, self.deadlines.analyze

    def _method(self, name: str, response: Any) -> Any:
        return self._channel.unary_unary(
            f"/pulumirpc.Analyzer/{name}",
            request_serializer=None,
            response_deserializer=lambda data: response.FromString(few(data)),
        )

    def _ask(self, call: Callable[..., Any], request: bytes, deadline: float) -> Answer:
        future = call.future(request, timeout=deadline)  # type: ignore[attr-defined]
        return Answer(future, lambda error: self._failed(error, deadline))

    def _send(self, name: str, request: Any, response: Any) -> Answer:
        data = request if isinstance(request, bytes) else request.SerializeToString()
        return self._ask(self._method(name, response), data, self.deadlines.call)

    def _call(self, name: str, request: Any, response: Any) -> Any:
        return self._send(name, request, response).result()

    def _failed(self, error: Any, deadline: float) -> CallFailed:
        code = error.code()
        details = str(error.details() or "")
        kind = _KINDS.get(code, "refused")
        if kind == "timeout":
            return CallFailed(kind, f"it gave no answer within {deadline:g} s")
        if kind == "gone":
            return CallFailed(kind, "the connection broke")
        if kind == "raised":
            said = one_line(details.removeprefix(RAISED.strip()).strip(), _SHOWN)
            why = one_line(
                str(raised(details, self._logged(details), self.process.program.directory)), _SHOWN
            )
            return CallFailed(kind, said or why or "it raised an error without a message", why)
        return CallFailed(kind, f"{code.name}: {one_line(details.strip(), _SHOWN)}")

    def _logged(self, details: str) -> str:
        """The traceback in the pack's log for an error answer; gRPC's Python server logs one. "" if none."""
        if not details.startswith(RAISED.strip()):
            return ""
        text = f"{details}\n{TRACEBACK}"
        end = f"{details.removeprefix(RAISED)}\n"
        log, self._read_to[text] = self.process.logged(
            text, end, self._read_to.get(text, 0), 0.0 if self._logs_nothing else _WRITES_WITHIN
        )
        self._logs_nothing = not log
        return log

    def _tolerated(self, answer: Answer) -> Any:
        """The message, or None when the pack's SDK does not have the method."""
        try:
            return answer.result()
        except CallFailed as error:
            if error.kind != "unsupported":
                raise
            return None


def few(data: bytes) -> bytes:
    """`data`, if it is an encoded message with at most `_MAX_PARTS` top-level fields.

    The limit is for memory: a field of two bytes takes a hundred when it is decoded.

    Raises:
        ValueError: it has more fields, or is no message.
    """
    at = parts = 0
    while at < len(data):
        parts += 1
        if parts > _MAX_PARTS:
            raise ValueError(f"the answer has more than {_MAX_PARTS} parts")
        kind, at = _varint(data, at)
        if kind & 7 == 2:
            size, at = _varint(data, at)
            at += size
        elif kind & 7 == 0:
            _, at = _varint(data, at)
        else:
            at += {1: 8, 5: 4}.get(kind & 7, 0)
    return data


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The varint at the offset `at`, and the offset after it."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        if not data[at] & 0x80:
            return value, at + 1
        if shift > 63:
            raise ValueError("the answer is not a valid message")
        at += 1
