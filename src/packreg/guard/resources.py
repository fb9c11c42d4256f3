"""The resources of the stack, collected from the CLI's requests."""

from __future__ import annotations

from collections.abc import Iterator

from packreg.analyzer.asking import Item
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import decode_struct
from packreg.analyzer.redaction import may_hold_secrets, secret_texts
from packreg.states.resource import ROOT_STACK


class UpdateResources:
    """The resources of all Analyze requests, in order; at the end those of the AnalyzeStack request.

    `requests` (by URN) and `stack_request` are kept only if `keep` is set, to be judged again later.
    """

    def __init__(self, stack: str, project: str, *, keep: bool = False) -> None:
        self.root = f"urn:pulumi:{stack}::{project}::{ROOT_STACK}::{project}-{stack}"
        self._keep = keep
        self._positions: dict[str, int] = {}
        self.requests: dict[str, bytes] = {}
        self._live: frozenset[str] = frozenset()
        self.stack_request = b""

    @property
    def size(self) -> int:
        """How many resources were seen."""
        return len(self._positions)

    def attribute(self, urn: str) -> str:
        """The URN that a stack policy's finding belongs to: `urn` if the stack has it, else the root."""
        return urn if urn in self._live else self.root

    def remediated(self, request: bytes) -> Item:
        """The resource of a Remediate request. Raises DecodeError."""
        message = pb.Resource.FromString(request)
        position = self._positions.setdefault(message.urn, len(self._positions))
        return Item(position, message.urn, message.type, b"", request)

    def analyzed(self, request: bytes) -> Item:
        """The resource of an Analyze request. Raises DecodeError."""
        message = pb.Resource.FromString(request)
        position = self._positions.setdefault(message.urn, len(self._positions))
        if self._keep:
            self.requests[message.urn] = request
        return Item(position, message.urn, message.type, request)

    def whole(self, request: bytes) -> Item:
        """The whole stack of an AnalyzeStack request. Raises DecodeError."""
        message = pb.AnalyzeStackRequest.FromString(request)
        self._live = frozenset(each.urn for each in message.resources)
        if self._keep:
            self.stack_request = request
        return Item(-1, self.root, ROOT_STACK, request)


class Resulting:
    """The stack when an update has ended, with the inputs that Analyze was shown: what audit groups judge.

    A resource that was not part of the update (because of `--target`) is judged by its outputs.
    """

    def __init__(self, seen: UpdateResources) -> None:
        """`seen` must have been created with `keep`, and have got the AnalyzeStack request."""
        self._seen = seen
        self._message = pb.AnalyzeStackRequest.FromString(seen.stack_request)
        self.root, self.size = seen.root, len(self._message.resources)
        self.is_empty = not self.size
        self.attribute = seen.attribute

    def items(self) -> Iterator[Item]:
        """Every resource."""
        for position, message in enumerate(self._message.resources):
            request = self._seen.requests.get(message.urn) or _request(message)
            yield Item(position, message.urn, message.type, request, request)

    def whole(self) -> Item:
        """The whole stack."""
        return Item(-1, self.root, ROOT_STACK, self._seen.stack_request)


def _request(resource: pb.Resource) -> bytes:
    """The AnalyzeRequest for a resource of an AnalyzeStack request."""
    request = pb.Resource()
    request.CopyFrom(resource)
    for name in ("parent", "dependencies", "property_dependencies"):
        request.ClearField(name)
    return request.SerializeToString()


def secrets_in(request: bytes, *, stack: bool = False) -> set[str]:
    """The texts of everything that is marked as a secret in a request."""
    if not may_hold_secrets(request):
        return set()
    resources = (
        pb.AnalyzeStackRequest.FromString(request).resources if stack else [pb.Resource.FromString(request)]
    )
    bags = [bag for each in resources for bag in (each.properties, each.provider.properties)]
    return {text for bag in bags for text in secret_texts(decode_struct(bag))}
