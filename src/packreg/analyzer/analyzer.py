"""One running policy pack that can be asked: Pulumi's analyzer protocol, with a deadline on every request.

How the messages travel is another module's: `frames` for packs that are hosted in their own process,
`grpc_calls` for those that serve gRPC. Both give the same answers.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from packreg.analyzer.frames import Broken, Frames, Outcome, Said
from packreg.analyzer.packinfo import read_info
from packreg.analyzer.process import Process
from packreg.analyzer.program import Deadlines, Stack
from packreg.analyzer.program_errors import RAISED, TRACEBACK, raised
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import MAX_ANSWER, encode_configuration
from packreg.errors import PackFailed
from packreg.pack.metadata import PackInfo
from packreg.text import one_line

#: Fields that an answer may have, such as the violations of one resource.
_MAX_PARTS = 100_000
#: Seconds to connect in; a short time, as SDKs listen before they print their port.
_CONNECT = 5.0
#: Seconds to wait for a pack's log lines: its server writes them before it answers, a thread here reads them.
_WRITES_WITHIN = 2.0
#: Characters of a pack's error text that are shown.
_SHOWN = 1000
#: gRPC's codes, by which both ways say how a request ended.
_UNKNOWN, _UNIMPLEMENTED = 2, 12
_CODES = dict(
    enumerate(
        (
            *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
            *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED"),
            *("OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
        )
    )
)
_RESPONSES: dict[str, Any] = {
    "Remediate": pb.RemediateResponse,
    "Analyze": pb.AnalyzeResponse,
    "AnalyzeStack": pb.AnalyzeResponse,
    "GetAnalyzerInfo": pb.AnalyzerInfo,
    "GetPluginInfo": pb.PluginInfo,
}


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


class Pending(Protocol):
    """Requests that were sent."""

    def wait(self) -> Sequence[Outcome]:
        """What became of each request, once it is known of all, or the pack is broken."""


class Calls(Protocol):
    """How messages travel to one running pack and back."""

    @property
    def batch(self) -> int:
        """How many requests it takes at once."""

    @property
    def batched(self) -> frozenset[str]:
        """The methods whose requests may be sent together."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a report of its findings should show."""

    def send(self, requests: Sequence[tuple[str, bytes, float]]) -> Pending:
        """Send requests, each with its method and its deadline in seconds; several may be pending."""

    def call(self, method: str, request: bytes, deadline: float) -> Outcome:
        """Send one request and wait for its answer."""

    def close(self) -> None:
        """Close the connection."""


class Answer:
    """The pending answers to some questions. `result` waits for them."""

    def __init__(self, analyzer: Analyzer, methods: Sequence[str], pending: Pending) -> None:
        self._analyzer, self._methods, self._pending = analyzer, methods, pending

    def result(self) -> list[Any]:
        """For each question its message, or a CallFailed; None if the pack broke before it came to it."""
        outcomes = zip(self._methods, self._pending.wait(), strict=True)
        return [outcome and self._analyzer.read(method, outcome) for method, outcome in outcomes]


class Analyzer:
    """A started pack that can be asked. Only one user at a time, as its configuration is that of the process.

    `batch` is how many questions it takes at once, if they are of the methods in `batched`. `warnings` are
    sentences that a report of its findings should show. `hosted` says that it is asked in its own process,
    and serves no gRPC.
    """

    def __init__(self, process: Process, deadlines: Deadlines) -> None:
        """Connect and shake hands.

        Raises PackFailed when no analyzer answers; its code is "not-hosted" if the pack closed its socket
        while it was loaded, and can only serve gRPC.
        """
        self.process = process
        self.deadlines = deadlines
        self.hosted = process.channel is not None
        self._calls = _connection(process)
        self._read_to: dict[str, int] = {}
        self._logs_nothing = False
        try:
            self._connect()
        except BaseException:
            self._calls.close()
            raise
        self.batch, self.batched, self.warnings = (
            self._calls.batch,
            self._calls.batched,
            self._calls.warnings,
        )

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
        self._tolerated("ConfigureStack", request)

    def info(self) -> PackInfo:
        """The pack's metadata. Raises PackFailed when it cannot be used."""
        name = self.process.program.name
        try:
            message = self._call("GetAnalyzerInfo", pb.Empty())
            sdk = self._tolerated("GetPluginInfo", pb.Empty())
        except CallFailed as error:
            raise PackFailed(
                f"{name} does not say what it is: {error}", code="no-metadata", log=self.process.tail()
            ) from None
        return read_info(message, sdk.version if sdk is not None else "", name)

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Set the levels and properties of all policies, for later calls. Raises CallFailed, Unsendable."""
        self._ended("Configure", self._calls.call("Configure", encode_configuration(settings), self._short))

    def ask(self, questions: Sequence[tuple[str, bytes]]) -> Answer:
        """Send questions: a method of Remediate, Analyze and AnalyzeStack, and an encoded request. Several
        may be pending at once, and `batch` sent together.
        """
        requests = [(method, request, self._deadline(method)) for method, request in questions]
        return Answer(self, [method for method, _ in questions], self._calls.send(requests))

    def call(self, method: str, request: bytes) -> Any:
        """Ask one question, and return the message of its answer. Raises CallFailed.

        For one question at a time this takes less processor time than `ask` (measured).
        """
        return self._ended(method, self._calls.call(method, request, self._deadline(method)))

    def close(self, *, grace: float = 5.0) -> None:
        """Call Cancel, close the connection, and stop the process.

        The process has `grace` seconds to end after it is interrupted. (The SDKs lack Cancel, other analyzers
        may have it.)
        """
        if grace > 0 and self.process.alive:
            with contextlib.suppress(CallFailed):
                self._ended("Cancel", self._calls.call("Cancel", b"", min(grace, 1.0)))
        self._calls.close()
        self.process.close(grace=grace)

    def read(self, method: str, outcome: Said | Broken) -> Any:
        """The message of an outcome, or a CallFailed that says why there is none."""
        if isinstance(outcome, Broken):
            return CallFailed("timeout" if outcome.hung else "gone", str(outcome))
        if outcome.code == 0:
            try:
                return _RESPONSES.get(method, pb.Empty).FromString(few(outcome.data))
            except (ValueError, IndexError) as error:
                return CallFailed("refused", f"its answer cannot be read: {one_line(str(error), _SHOWN)}")
        if outcome.code == _UNKNOWN:
            said = one_line(outcome.text.removeprefix(RAISED.strip()).strip(), _SHOWN)
            log = outcome.trace or self._logged(outcome.text)
            why = one_line(str(raised(outcome.text, log, self.process.program.directory)), _SHOWN)
            return CallFailed("raised", said or why or "it raised an error without a message", why)
        kind = "unsupported" if outcome.code == _UNIMPLEMENTED else "refused"
        code = _CODES.get(outcome.code, outcome.code)
        return CallFailed(kind, f"{code}: {one_line(outcome.text.strip(), _SHOWN)}")

    # ------------------------------------------------------------------------------------------------------

    @property
    def _short(self) -> float:
        return self.deadlines.call

    def _deadline(self, method: str) -> float:
        return self.deadlines.stack if method == "AnalyzeStack" else self.deadlines.analyze

    def _connect(self) -> None:
        """Call Handshake; of a pack that serves gRPC, wait until it listens on its port.

        The port may be wrong: if the pack itself prints a number, nobody listens there, or another program.
        """
        directory = str(self.process.program.directory)
        request = pb.HandshakeRequest(
            engine_address="127.0.0.1:1", root_directory=directory, program_directory=directory
        )
        until = time.monotonic() + min(_CONNECT, self.deadlines.call)
        while True:
            try:
                self._tolerated("Handshake", request)
                return
            except CallFailed as error:
                connects = error.kind == "gone" and not self.hosted and self.process.alive
                if connects and time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                why = str(error) if self.process.alive else self.process.ending()
                if self.hosted:
                    raise PackFailed(
                        f"{self.process.program.name} closed what packreg asks it through: {why}",
                        code="not-hosted",
                        log=self.process.tail(),
                    ) from None
                raise PackFailed(
                    f"{self.process.program.name} reported the port {self.process.port}, but no analyzer "
                    f"answers there: {why}",
                    code="no-answer",
                    log=self.process.tail(),
                ) from None

    def _call(self, method: str, request: Any) -> Any:
        return self._ended(method, self._calls.call(method, request.SerializeToString(), self._short))

    def _tolerated(self, method: str, request: Any) -> Any:
        """The message, or None when the pack's SDK does not have the method."""
        try:
            return self._call(method, request)
        except CallFailed as error:
            if error.kind != "unsupported":
                raise
            return None

    def _ended(self, method: str, outcome: Outcome) -> Any:
        found = self.read(method, outcome or Broken("the connection broke"))
        if isinstance(found, CallFailed):
            raise found
        return found

    def _logged(self, details: str) -> str:
        """The traceback in the pack's log for an error answer; gRPC's Python server logs one. "" if none."""
        if self.hosted or not details.startswith(RAISED.strip()):
            return ""
        text = f"{details}\n{TRACEBACK}"
        end = f"{details.removeprefix(RAISED)}\n"
        log, self._read_to[text] = self.process.logged(
            text, end, self._read_to.get(text, 0), 0.0 if self._logs_nothing else _WRITES_WITHIN
        )
        self._logs_nothing = not log
        return log


def _connection(process: Process) -> Calls:
    if process.channel is not None and process.page is not None:
        return Frames(process.channel, process.page, MAX_ANSWER)
    from packreg.analyzer.grpc_calls import GrpcCalls  # gRPC takes long to import, and packs to load

    return GrpcCalls(process.port)


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
