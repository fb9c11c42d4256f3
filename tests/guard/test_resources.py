"""The resources as the CLI shows them."""

from __future__ import annotations

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import decode_struct, encode_struct
from packreg.guard.resources import Resulting, UpdateResources, secrets_in
from tests.guard.cli import ROOT, urn


def test_secrets_of_resources_and_their_providers_are_found() -> None:
    """Both kinds of requests are searched, and only where one can hold a secret."""
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    provider = pb.ProviderResource(properties=encode_struct({"key": {**mark, "value": "of the provider"}}))
    resource = pb.Resource(
        urn=urn("a"),
        provider=provider,
        properties=encode_struct({"word": {**mark, "value": "of the resource"}}),
    )
    both = {"of the provider", "of the resource"}
    assert secrets_in(resource.SerializeToString()) == both
    stack = pb.AnalyzeStackRequest(resources=[resource]).SerializeToString()
    assert secrets_in(stack, stack=True) == both
    assert secrets_in(pb.Resource(urn=urn("a")).SerializeToString()) == set()


def test_what_an_update_leaves_has_the_inputs_that_were_judged() -> None:
    """Resources are in the stack's order; one that Analyze never saw is judged by what the stack shows."""
    seen = UpdateResources("dev", "shop", keep=True)
    seen.remediated(pb.Resource(urn=urn("a"), properties=encode_struct({"v": "before"})).SerializeToString())
    seen.analyzed(pb.Resource(urn=urn("a"), properties=encode_struct({"v": "input"})).SerializeToString())
    parts = [
        pb.Resource(urn=urn(name), type="t", parent=ROOT, properties=encode_struct({"v": "output"}))
        for name in ("b", "a")
    ]
    seen.whole(pb.AnalyzeStackRequest(resources=parts).SerializeToString())
    resulting = Resulting(seen)
    items = list(resulting.items())
    read = [pb.Resource.FromString(item.analyze) for item in items]
    assert [(item.position, item.urn) for item in items] == [(0, urn("b")), (1, urn("a"))]
    assert [decode_struct(each.properties)["v"] for each in read] == ["output", "input"]
    assert not read[0].parent, "an AnalyzeRequest has no such member"
    assert (resulting.size, resulting.root, seen.size) == (2, ROOT, 1)
