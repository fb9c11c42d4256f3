"""The way of resources to packs: all of them, in order, to each pack, and never many at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from packreg.analyzer.asking import Item
from packreg.analyzer.feed import Feed, JudgedSnapshot, produce
from packreg.states.resource import ROOT_STACK
from tests.analyzer.packs import BUCKET, buckets, listed


class Numbers:
    """So many items to judge."""

    root, is_empty = "", False

    def __init__(self, size: int) -> None:
        self.size, self.made = size, 0

    def attribute(self, urn: str) -> str:
        """Itself."""
        return urn

    def items(self) -> Iterator[Item]:
        """They, counted as they are made."""
        for number in range(self.size):
            self.made += 1
            yield Item(number, str(number), BUCKET, b"")

    def whole(self) -> Item:
        """Nothing asks for it."""
        raise AssertionError


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 100])
def test_every_feed_gets_everything_in_order(size: int) -> None:
    """Whether or not the last batch is full; each feed ends."""
    feeds = [Feed(), Feed()]
    produce(Numbers(size), feeds)
    for feed in feeds:
        assert [item.position for item in feed] == list(range(size))
        assert list(feed) == []


def test_who_reads_slowly_holds_the_producer() -> None:
    """A file of any size takes the memory of a few batches; reading lets it go on."""
    judged, feed = Numbers(10_000), Feed()
    producer = threading.Thread(target=produce, args=(judged, [feed]))
    producer.start()
    reader = iter(feed)
    first = next(reader)
    assert first.position == 0 and judged.made <= 32 * 10
    assert len(list(reader)) == 9_999
    producer.join()
    assert judged.made == 10_000


def test_a_pack_that_is_given_up_holds_nobody() -> None:
    """What waits is dropped, and what comes is too."""
    feed = Feed()
    feed.put([Item(0, "", "", b"")])
    feed.end(now=True)
    produce(Numbers(10_000), [feed])
    assert list(feed) == []


def test_a_snapshot_is_encoded_once_where_both_questions_are_the_same() -> None:
    """Only the engine's own properties make a difference."""
    plain, internal = (
        JudgedSnapshot(buckets("a")).items(),
        JudgedSnapshot(buckets("a", __defaults=[])).items(),
    )
    [same], [other] = list(plain), list(internal)
    assert same.analyze is same.remediate
    assert b"__defaults" in other.remediate and b"__defaults" not in other.analyze


def test_what_cannot_be_sent_is_an_item_with_its_problem() -> None:
    """Of a resource, and of the stack that has it, so that neither passes."""
    deep: object = "leaf"
    for _ in range(40):
        deep = {"a": deep}
    judged = JudgedSnapshot(listed([{"type": BUCKET, "name": "deep", "properties": {"deep": deep}}]))
    [item] = judged.items()
    assert item.problem.startswith("it cannot be sent") and item.analyze == b""
    whole = judged.whole()
    assert "deep" in whole.problem and (whole.position, whole.type) == (-1, ROOT_STACK)
