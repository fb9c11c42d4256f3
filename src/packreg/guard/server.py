"""The guard's gRPC server: Pulumi's analyzer protocol on a local port, for one CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc

from packreg.analyzer.program import Stack
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import MAX_MESSAGE
from packreg.guard.callers import HOST, Callers, Stranger
from packreg.guard.exceptions import Exceptions
from packreg.guard.guard import Guard, Stopped

if TYPE_CHECKING:
    import psutil

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
)
#: Threads for calls: the CLI makes one call at a time, and Cancel must not wait for it.
_THREADS = 4
#: Characters of an error message, at most: gRPC sends it in a header, whose size is limited.
_LONGEST = 4000
Handler = Callable[[bytes, "psutil.Process | None"], bytes]


class GuardService:
    """The methods of `pulumirpc.Analyzer`: bytes in, bytes out."""

    def __init__(
        self,
        guard: Guard,
        cancel: Callable[[], None],
        defect: Callable[[Exception], str],
        callers: Callers,
        exceptions: Callable[[psutil.Process | None], Exceptions],
    ) -> None:
        """`cancel` is called for the CLI's Cancel; `defect` returns the message for an unexpected error.

        `callers` decides who may call; `exceptions` finds the policy exceptions of a CLI for the guard.
        """
        self._guard, self._cancelled, self._defect = guard, cancel, defect
        self._callers, self._exceptions = callers, exceptions
        self.port = 0

    def handlers(self) -> grpc.GenericRpcHandler:
        """The handlers of all methods, for a gRPC server."""
        guard = self._guard
        methods: Mapping[str, Handler] = {
            "Handshake": lambda request, _: b"",
            "ConfigureStack": self._configure_stack,
            "GetAnalyzerInfo": lambda request, _: guard.info().SerializeToString(),
            "GetPluginInfo": lambda request, _: pb.PluginInfo(version=guard.version).SerializeToString(),
            "Configure": self._configure,
            "Remediate": lambda request, _: guard.remediate(request),
            "Analyze": lambda request, _: guard.analyze(request),
            "AnalyzeStack": lambda request, _: guard.analyze_stack(request),
            "Cancel": self._cancel,
        }
        made: dict[str, Any] = {
            name: grpc.unary_unary_rpc_method_handler(self._answering(handler))
            for name, handler in methods.items()
        }
        return grpc.method_handlers_generic_handler("pulumirpc.Analyzer", made)

    def _answering(self, handler: Handler) -> Callable[[bytes, grpc.ServicerContext], bytes]:
        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                return handler(request, self._caller(context))
            except Stopped as stopped:
                text = str(stopped)
            except Exception as error:  # noqa: BLE001  whatever it is, the deployment must not go on
                text = self._defect(error)
            # never UNIMPLEMENTED, which the CLI takes for "nothing to say"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"packreg: {text}"[:_LONGEST])
            raise AssertionError("abort raises")

        return answer

    def _caller(self, context: grpc.ServicerContext) -> psutil.Process | None:
        """The calling process; None if the system hides it. A stranger ends the run. Raises Stopped."""
        try:
            caller = self._callers.who(context.peer(), self.port)
        except Stranger as stranger:
            if context.is_active():  # else the caller has ended, and its process could not be found any more
                self._guard.break_off(
                    f"{stranger}, but only the program that started it may: this run is stopped"
                )
            raise Stopped(str(stranger)) from None
        if caller is None:
            self._guard.note("caller-unseen", "the system does not show which process called the guard")
        return caller

    def _configure_stack(self, request: bytes, caller: psutil.Process | None) -> bytes:
        told = pb.ConfigureStackRequest.FromString(request)
        self._guard.configure_stack(
            Stack(
                stack=told.stack,
                project=told.project,
                organization=told.organization,
                dry_run=told.dry_run,
                config=dict(told.config),
                secret_keys=tuple(told.config_secret_keys),
                tags=dict(told.tags),
            ),
            self._exceptions(caller or self._callers.starter),
        )
        return b""

    def _configure(self, request: bytes, _: object) -> bytes:
        self._guard.configure(request)
        return b""

    def _cancel(self, request: bytes, _: object) -> bytes:
        self._cancelled()
        return b""


def listen(service: GuardService) -> tuple[grpc.Server, int]:
    """A gRPC server and its port. Clients may connect at once; they are answered once it is started."""
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="packreg-guard")
    server = grpc.server(threads, options=_OPTIONS)
    server.add_generic_rpc_handlers((service.handlers(),))
    service.port = server.add_insecure_port(f"{HOST}:0")
    return server, service.port
