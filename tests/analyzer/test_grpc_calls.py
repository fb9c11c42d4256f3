"""Packs that serve gRPC: what a call becomes. That both ways give the same answers is tested in hosts/."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest

from packreg.analyzer.frames import Broken, Said
from packreg.analyzer.grpc_calls import GrpcCalls
from packreg.analyzer.protocol.many import ANNOUNCEMENT, METHOD, SERVICE, WARNING, join


class Server:
    """An analyzer of any kind on a real port; `many` is what it answers to AnalyzeMany."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.many = b""
        self.announces = True
        handlers = {"Handshake": self.handshake, "Analyze": self.analyze, "Remediate": self.hangs}
        made = {name: grpc.unary_unary_rpc_method_handler(call) for name, call in handlers.items()}
        many = {METHOD: grpc.unary_unary_rpc_method_handler(lambda request, context: self.many)}
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler("pulumirpc.Analyzer", made),
                grpc.method_handlers_generic_handler(SERVICE, many),
            )
        )
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def handshake(self, request: bytes, context: Any) -> bytes:
        """Announce that many are taken."""
        if self.announces:
            context.set_trailing_metadata((ANNOUNCEMENT, (WARNING, b"old opa\x1b")))
        return b""

    def analyze(self, request: bytes, context: Any) -> bytes:
        """Answer with the request, or raise."""
        if request == b"bad":
            raise ValueError("no good")
        return request

    def hangs(self, request: bytes, context: Any) -> bytes:
        """Answer when the test ends."""
        self.goes_on.wait(60)
        return b""


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    made = Server()
    yield made
    made.goes_on.set()
    made.server.stop(0)


def test_answers_and_errors(server: Server) -> None:
    """An answer is its bytes, an error its code and text; a late answer is not a broken connection."""
    calls = GrpcCalls(server.port)
    assert calls.call("Analyze", b"one", 30.0) == Said(0, b"one")
    assert calls.send([("Analyze", b"one", 30.0)]).wait() == [Said(0, b"one")]
    assert calls.call("Analyze", b"bad", 30.0) == Said(2, b"", "Exception calling application: no good")
    assert calls.call("Cancel", b"", 30.0) == Said(12, b"", "Method not found!")
    hung = calls.call("Remediate", b"", 0.2)
    assert isinstance(hung, Broken) and hung.hung and "0.2 s" in str(hung)
    pending = calls.send([("Remediate", b"", 60.0)])
    calls.close()
    for outcome in (
        pending.wait()[0],
        calls.call("Analyze", b"", 1.0),
        calls.send([("Analyze", b"", 1.0)]).wait()[0],
    ):
        assert isinstance(outcome, Broken) and not outcome.hung


def test_only_who_announces_it_takes_many(server: Server) -> None:
    """And its warnings are kept, without what a terminal would obey."""
    server.announces = False
    plain = GrpcCalls(server.port)
    assert plain.call("Handshake", b"", 30.0) == Said(0, b"")
    assert (plain.batch, plain.batched, plain.warnings) == (1, frozenset(), ())
    server.announces = True
    calls = GrpcCalls(server.port)
    calls.call("Handshake", b"", 30.0)
    assert calls.batch > 1 and calls.batched == {"Analyze"}
    assert calls.warnings and "\x1b" not in calls.warnings[0]


@pytest.mark.parametrize(
    ("said", "outcomes"),
    [
        (join([b"one", "no good"]), [Said(0, b"one"), Said(2, b"", "no good"), None]),
        (b"what is that", [None, None, None]),
        (join([b"1", b"2", b"3", b"4"]), [Said(0, b"1"), Said(0, b"2"), Said(0, b"3")]),
    ],
    ids=["some", "no message", "too many"],
)
def test_what_is_not_answered_is_left(said: bytes, outcomes: list[Any], server: Server) -> None:
    """Of many requests the first may be answered; what is no message answers none."""
    server.many = said
    calls = GrpcCalls(server.port)
    assert calls.send([("Analyze", b"x", 30.0)] * 3).wait() == outcomes
