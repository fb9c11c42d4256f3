"""The method AnalyzeMany: many resources in one call, for thousands of evaluations a second.

A gRPC call costs a Python host and server together more than most evaluations. The analyzer therefore has,
beside Pulumi's service, one method of its own, which takes encoded AnalyzeRequests and gives their encoded
AnalyzeResponses, in order; it announces that in the metadata of its answer to Handshake. Both messages are
protobuf messages of one repeated field of bytes (1: a request or a response; 2: the text of why there is
none), so that joining and splitting them moves bytes only.

The analyzer may answer only the first requests, if the others would take too much of the call's time. So a
batch of slow rules keeps its deadline if each of its resources alone would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import length

SERVICE = "packreg.OpaAnalyzer"
METHOD = "AnalyzeMany"
#: What an analyzer that has the method says in the metadata of its answer to Handshake.
ANNOUNCEMENT = ("packreg-analyze-many", "1")
#: The name of the metadata that has a warning, in UTF-8, which reports of this pack should show.
WARNING = "packreg-warning-bin"
#: Resources in one call, at most: enough to make the call's cost small, few enough for steady progress.
BATCH = 256


def join(entries: Iterable[bytes | str]) -> bytes:
    """The message with these entries: messages (bytes) and failures (text)."""
    parts: list[bytes] = []
    for entry in entries:
        data = entry.encode() if isinstance(entry, str) else entry
        parts += (b"\x12" if isinstance(entry, str) else b"\x0a", length(data), data)
    return b"".join(parts)


def split(data: bytes) -> Iterator[bytes | str]:
    """The entries of a message that `join` wrote. Raises ValueError when it is not one."""
    position, end, entries = 0, len(data), 0
    while position < end:
        entries += 1
        if entries > BATCH:
            raise ValueError("the message has more entries than were asked about")
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


def answers(data: bytes) -> list[pb.AnalyzeResponse | str]:
    """For each of the first requests its response, or why there is none. Raises ValueError, DecodeError."""
    read = pb.AnalyzeResponse.FromString
    return [read(entry) if isinstance(entry, bytes) else entry for entry in split(data)]
