"""The analyzer process: serves Pulumi's analyzer protocol on a port of 127.0.0.1.

Policies are evaluated for one call at a time, in a thread beside the event loop. When a call's deadline
passes, its evaluation is stopped. When `opa` ends, this process ends too: its host then sees that the pack
ended, and starts it again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from typing import Any

import grpc
import grpc.aio

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import MAX_MESSAGE
from packreg.analyzer.protocol.many import ANNOUNCEMENT, METHOD, SERVICE, WARNING, join, split
from packreg.analyzer.protocol.struct import encode_struct
from packreg.opa.inputs import Resource
from packreg.opa.judge import Judge, OpaVerdict, PolicyFailure, PolicySetting, may_be_signed
from packreg.opa.load import OpaPack
from packreg.opa.program import OpaFailure
from packreg.opa.service import OpaService, TookTooLong
from packreg.opa.wire import configuration, read, read_resource
from packreg.text import plain

_RESOURCE, _STACK = 1, 2  # values of the protocol's PolicyType
_ROOT = "pulumi:pulumi:Stack"
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
)
#: The part of a call's time that a batch may take, since another batch may be waiting for its turn.
_SHARE = 0.5
#: Seconds for a call without a deadline; calls of the Pulumi CLI have none.
_NO_DEADLINE = 24 * 3600.0
Handler = Callable[[bytes, Any], Awaitable[bytes]]


class OpaAnalyzer:
    """The methods of `pulumirpc.Analyzer` for one pack: bytes in, bytes out."""

    def __init__(self, pack: OpaPack, judge: Judge) -> None:
        self._pack, self._judge = pack, judge
        self._turn = asyncio.Lock()

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """The gRPC handlers to add to a server: the protocol's, and packreg's own for batches."""
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
        warnings = ((WARNING, text.encode()) for text in self._pack.silent)
        context.set_trailing_metadata((ANNOUNCEMENT, *warnings))
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
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

        def configure(seconds: float) -> bytes:
            self._judge.configure(settings)
            return b""

        await self._answered(configure, context)
        self._warn_of_missing(settings)
        return b""

    def _warn_of_missing(self, settings: Mapping[str, PolicySetting]) -> None:
        for rule in self._pack.rules.rules:
            if rule.schema is None:
                continue
            given = settings[rule.name].properties if rule.name in settings else {}
            for name in rule.schema.required:
                if name not in given:
                    complain(f"warning[opa/missing-config] {rule.name}: there is no value for {name!r}")

    async def _analyze(self, request: bytes, context: Any) -> bytes:
        def judged(seconds: float) -> bytes:
            [answer] = self._judged([request], seconds)
            if isinstance(answer, str):
                raise PolicyFailure(answer)
            return answer

        return await self._answered(judged, context)

    async def _analyze_many(self, request: bytes, context: Any) -> bytes:
        """Judge many resources in one call: an addition to the protocol, see `analyzer.protocol.many`."""
        return await self._answered(
            lambda seconds: join(
                self._judged([e if isinstance(e, bytes) else b"" for e in split(request)], seconds * _SHARE)
            ),
            context,
        )

    def _judged(self, requests: Sequence[bytes], seconds: float) -> list[bytes | str]:
        """An answer for each of the first resources: as many as there is time for.

        An answer is a serialized AnalyzeResponse, or a text that says why there is none. A resource that
        cannot be read gets such a text, unless it is the only one: then this raises ValueError.
        """
        answers: list[bytes | str] = []
        resources: list[Resource] = []
        for request in requests:
            try:
                resources.append(read_resource(read(pb.Resource, request), self._judge.keys))
                answers.append(b"")
            except ValueError as error:
                if len(requests) == 1:
                    raise
                answers.append(str(error))
        signed = any(map(may_be_signed, requests))
        outcomes = self._judge.resources(resources, signed=signed, seconds=seconds) if resources else []
        places = (place for place, answer in enumerate(answers) if answer == b"")
        last = len(answers)
        for place, outcome in zip_longest(list(places), outcomes):
            if outcome is None:  # there was no time for it
                last = place
                break
            answers[place] = str(outcome) if isinstance(outcome, PolicyFailure) else self._answer(outcome, "")
        return answers[:last]

    async def _analyze_stack(self, request: bytes, context: Any) -> bytes:
        return await self._answered(lambda seconds: self._judged_stack(request, seconds), context)

    def _judged_stack(self, request: bytes, seconds: float) -> bytes:
        message = read(pb.AnalyzeStackRequest, request)
        root = next((item.urn for item in message.resources if item.type == _ROOT), "")
        resources = [read_resource(item, None) for item in message.resources]
        verdict = self._judge.stack(resources, signed=may_be_signed(request), seconds=seconds)
        return self._answer(verdict, root)

    async def _answered(self, judge: Callable[[float], bytes], context: Any) -> bytes:
        """The result of `judge`, which gets the seconds left for this call.

        Aborts the call on failure: with UNKNOWN if a policy fails, as Pulumi's SDKs do.
        """
        left = context.time_remaining()
        try:
            async with self._turn:
                return await asyncio.to_thread(judge, _NO_DEADLINE if left is None else left)
        except PolicyFailure as failure:
            await context.abort(grpc.StatusCode.UNKNOWN, str(failure))
        except TookTooLong as late:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(late))
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except OpaFailure as gone:
            complain(f"error: {gone}")
            os._exit(1)
        raise AssertionError("abort raises")

    def _answer(self, verdict: OpaVerdict, urn: str) -> bytes:
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


def _handlers(service: str, methods: Mapping[str, Handler]) -> grpc.GenericRpcHandler:
    made: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(handler) for name, handler in methods.items()
    }
    return grpc.method_handlers_generic_handler(service, made)


async def serve(pack: OpaPack, opa: OpaService) -> None:
    """Print the port to stdout and serve until the process is asked to end (SIGINT, SIGTERM).

    Raises OpaFailure when `opa` does not accept the generated module.
    """
    server = grpc.aio.server(options=_OPTIONS)
    judge = Judge(pack.rules, pack.input_format, opa, complain)
    server.add_generic_rpc_handlers(OpaAnalyzer(pack, judge).handlers())
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
    """Write lines to stderr, without control characters."""
    sys.stderr.write("".join(f"{plain(line)}\n" for line in lines))
    sys.stderr.flush()


def _own_version() -> str:
    try:
        return version("packreg")
    except PackageNotFoundError:
        return ""
