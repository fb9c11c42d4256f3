"""The analyzer process: Pulumi's analyzer protocol on a port of this machine.

Everything runs on the event loop's thread, which therefore owns the engine. A rule that takes long keeps all
other calls waiting; the host's deadline ends the process then, as nothing inside of it could.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import grpc
import grpc.aio

from packreg.analysis.opa.judge import Judge, PolicyFailure, Setting, Verdict, may_be_signed
from packreg.analysis.opa.load import OpaPack
from packreg.analysis.opa.many import ANNOUNCEMENT, METHOD, SERVICE, join, split
from packreg.analysis.opa.wire import configuration, read, read_resource
from packreg.analysis.protocol import analyzer_pb2 as pb
from packreg.analysis.protocol.encode import MAX_MESSAGE
from packreg.analysis.protocol.struct import encode_struct

_RESOURCE, _STACK = 1, 2  # PolicyType of the protocol
_ROOT = "pulumi:pulumi:Stack"
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
)
#: The part of a call's time that a batch may take: another batch may wait for its turn meanwhile.
_SHARE = 0.25
Handler = Callable[[bytes, Any], Awaitable[bytes]]


class Service:
    """The methods of `pulumirpc.Analyzer` for one pack: bytes in, bytes out."""

    def __init__(self, pack: OpaPack, judge: Judge) -> None:
        self._pack, self._judge = pack, judge

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """What a server is to serve."""
        methods: Mapping[str, Handler] = {
            "Handshake": self._handshake,
            "ConfigureStack": self._nothing,
            "Cancel": self._nothing,
            "Remediate": self._nothing,
            "GetAnalyzerInfo": self._info,
            "GetPluginInfo": self._plugin,
            "Configure": self._configure,
            "Analyze": self._analyze,
            "AnalyzeStack": self._analyze_stack,
        }
        return (
            _handlers("pulumirpc.Analyzer", methods),
            _handlers(SERVICE, {METHOD: self._analyze_many}),
        )

    async def _handshake(self, request: bytes, context: Any) -> bytes:
        context.set_trailing_metadata((ANNOUNCEMENT,))
        return b""

    async def _nothing(self, request: bytes, context: Any) -> bytes:
        return b""

    async def _plugin(self, request: bytes, context: Any) -> bytes:
        return pb.PluginInfo(version=_own_version()).SerializeToString()

    async def _info(self, request: bytes, context: Any) -> bytes:
        rules = self._pack.rules
        info = pb.AnalyzerInfo(
            name=rules.name,
            display_name=rules.display_name,
            version=self._pack.version,
            supports_config=True,
            description=self._pack.description,
        )
        for rule in rules.rules:
            policy = info.policies.add(
                name=rule.name,
                display_name=rule.display_name,
                description=rule.description,
                message=rule.message,
                enforcement_level=pb.MANDATORY if rule.mandatory else pb.ADVISORY,
                policy_type=_STACK if rule.stack else _RESOURCE,
            )
            if rule.schema is not None:
                policy.config_schema.properties = encode_struct(rule.schema.properties)
                policy.config_schema.required.extend(rule.schema.required)
        return info.SerializeToString()

    async def _configure(self, request: bytes, context: Any) -> bytes:
        try:
            settings = configuration(request)
            self._judge.configure(settings)
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        self._warn_of_missing(settings)
        return b""

    def _warn_of_missing(self, settings: Mapping[str, Setting]) -> None:
        for rule in self._pack.rules.rules:
            if rule.schema is None:
                continue
            given = settings[rule.name].properties if rule.name in settings else {}
            for name in rule.schema.required:
                if name not in given:
                    complain(f"warning[opa/missing-config] {rule.name}: there is no value for {name!r}")

    async def _analyze(self, request: bytes, context: Any) -> bytes:
        return await _answered(lambda: self._judged(request), context)

    def _judged(self, request: bytes) -> bytes:
        judge = self._judge
        resource = read_resource(read(pb.Resource, request), judge.keys)
        verdict = judge.resource(resource, signed=may_be_signed(request))
        if not verdict.violations and not verdict.skipped:
            return b""
        return self._answer(verdict, "")

    async def _analyze_many(self, request: bytes, context: Any) -> bytes:
        """Many resources in one call, for a host that knows this analyzer: see `many`."""
        left = context.time_remaining()
        until = time.monotonic() + left * _SHARE if left is not None else float("inf")
        try:
            entries = list(split(request))
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        answers: list[bytes | str] = []
        for count, entry in enumerate(entries):
            if count and time.monotonic() > until:
                break
            try:
                answers.append(self._judged(entry if isinstance(entry, bytes) else b""))
            except (PolicyFailure, ValueError) as failure:
                answers.append(str(failure))
            if count % 64 == 63:
                await asyncio.sleep(0)  # let a Cancel, or another call, have its turn
        return join(answers)

    async def _analyze_stack(self, request: bytes, context: Any) -> bytes:
        return await _answered(lambda: self._judged_stack(request), context)

    def _judged_stack(self, request: bytes) -> bytes:
        message = read(pb.AnalyzeStackRequest, request)
        root = next((item.urn for item in message.resources if item.type == _ROOT), "")
        resources = [read_resource(item, None) for item in message.resources]
        return self._answer(self._judge.stack(resources, signed=may_be_signed(request)), root)

    def _answer(self, verdict: Verdict, urn: str) -> bytes:
        response = pb.AnalyzeResponse()
        for rule, level, message in verdict.violations:
            response.diagnostics.add(
                policy_name=rule.name,
                pack_name=self._pack.rules.name,
                pack_version=self._pack.version,
                description=rule.description,
                message=message,
                enforcement_level=pb.EnforcementLevel.Value(level),
                urn=urn,
            )
        for rule, reason in verdict.skipped:
            response.not_applicable.add(policy_name=rule.name, reason=reason)
        return response.SerializeToString()


async def _answered(judge: Callable[[], bytes], context: Any) -> bytes:
    """What `judge` gives; a policy that fails is UNKNOWN, as it is with Pulumi's own SDKs."""
    try:
        return judge()
    except PolicyFailure as failure:
        await context.abort(grpc.StatusCode.UNKNOWN, str(failure))
    except ValueError as error:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    raise AssertionError("abort raises")


def _handlers(service: str, methods: Mapping[str, Handler]) -> grpc.GenericRpcHandler:
    made: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(handler) for name, handler in methods.items()
    }
    return grpc.method_handlers_generic_handler(service, made)


async def serve(pack: OpaPack) -> None:
    """Say the port on stdout and answer until the process is asked to end (SIGINT, SIGTERM)."""
    server = grpc.aio.server(options=_OPTIONS)
    judge = Judge(pack.rules, pack.input_format, complain)
    server.add_generic_rpc_handlers(Service(pack, judge).handlers())
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asked.wait()
    await server.stop(None)


def complain(*lines: str) -> None:
    """Say something on stderr."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


def _own_version() -> str:
    try:
        return version("packreg")
    except PackageNotFoundError:
        return ""
