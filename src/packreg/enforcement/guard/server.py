"""The analyzer's face: Pulumi's analyzer protocol on a port of this machine, for one CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from packreg.analysis.program import Stack
from packreg.analysis.protocol import analyzer_pb2 as pb
from packreg.analysis.protocol.encode import MAX_MESSAGE
from packreg.enforcement.guard.guard import Guard, Stopped

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
)
#: Calls that are answered at once; the CLI makes one, and Cancel must not wait for it.
_THREADS = 4
#: Characters of a message: it travels in a header, whose size is limited.
_LONGEST = 4000
Handler = Callable[[bytes], bytes]


class Service:
    """The methods of `pulumirpc.Analyzer`: bytes in, bytes out."""

    def __init__(self, guard: Guard, cancel: Callable[[], None], defect: Callable[[Exception], str]) -> None:
        """`cancel` is called when the CLI says Cancel; `defect` makes a message of what nobody expected."""
        self._guard, self._cancelled, self._defect = guard, cancel, defect

    def handlers(self) -> grpc.GenericRpcHandler:
        """What a server is to serve."""
        methods: Mapping[str, Handler] = {
            "Handshake": lambda request: b"",
            "ConfigureStack": self._configure_stack,
            "GetAnalyzerInfo": lambda request: self._guard.info().SerializeToString(),
            "GetPluginInfo": lambda request: pb.PluginInfo(version=self._guard.version).SerializeToString(),
            "Configure": self._configure,
            "Remediate": self._guard.remediate,
            "Analyze": self._guard.analyze,
            "AnalyzeStack": self._guard.analyze_stack,
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
                return handler(request)
            except Stopped as stopped:
                text = str(stopped)
            except Exception as error:  # noqa: BLE001  whatever it is, the deployment must not go on
                text = self._defect(error)
            # never UNIMPLEMENTED, which the CLI takes for "nothing to say"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"packreg: {text}"[:_LONGEST])
            raise AssertionError("abort raises")

        return answer

    def _configure_stack(self, request: bytes) -> bytes:
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
            )
        )
        return b""

    def _configure(self, request: bytes) -> bytes:
        self._guard.configure(request)
        return b""

    def _cancel(self, request: bytes) -> bytes:
        self._cancelled()
        return b""


def start(service: Service) -> tuple[grpc.Server, int]:
    """A server that answers, and its port."""
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="packreg-guard")
    server = grpc.server(threads, options=_OPTIONS)
    server.add_generic_rpc_handlers((service.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
