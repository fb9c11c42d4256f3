"""Many resources in one call: what makes thousands of evaluations a second possible.

A gRPC call costs a Python host and server together more than most evaluations. The analyzer therefore has,
beside Pulumi's service, one method of its own, which takes encoded AnalyzeRequests and gives their encoded
AnalyzeResponses, in order. Both are protobuf messages of one repeated field of bytes (1: a request or a
response; 2: the text of why there is none), so that joining and splitting them moves bytes only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from packreg.analysis.protocol.struct import length

SERVICE = "packreg.OpaAnalyzer"
METHOD = "AnalyzeMany"
#: Resources in one call: enough to make the call's cost small, few enough to be answered well in time.
BATCH = 256


def join(entries: Iterable[bytes | str]) -> bytes:
    """One message of messages (bytes) and failures (text)."""
    parts: list[bytes] = []
    for entry in entries:
        data = entry.encode() if isinstance(entry, str) else entry
        parts += (b"\x12" if isinstance(entry, str) else b"\x0a", length(data), data)
    return b"".join(parts)


def split(data: bytes) -> Iterator[bytes | str]:
    """The entries of such a message. Raises ValueError when it is not one."""
    position, end = 0, len(data)
    while position < end:
        tag = data[position]
        size = shift = 0
        while True:
            position += 1
            if position >= end:
                raise ValueError("the message is cut short")
            byte = data[position]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        position += 1
        entry = data[position : position + size]
        position += size
        if len(entry) != size or tag not in (0x0A, 0x12):
            raise ValueError("the message is not one of entries")
        yield entry if tag == 0x0A else entry.decode("utf-8", "replace")


def analyze_many(channel: Any, requests: Sequence[bytes], *, timeout: float) -> Any:
    """Ask for all of these at once: a future whose result is `answers` of what comes back.

    `channel` is a grpc.Channel to this analyzer; another one answers UNIMPLEMENTED.
    """
    call = channel.unary_unary(f"/{SERVICE}/{METHOD}", response_deserializer=lambda data: list(split(data)))
    return call.future(join(requests), timeout=timeout)
