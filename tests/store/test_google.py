"""The bucket of Google Cloud Storage: keys, pages and facts. The conformance suite runs in tests/servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from packreg.errors import StoreUnsafe, UsageError
from packreg.store.google import GoogleBucket
from packreg.store.location import GoogleLocation
from tests.store.answering_server import AnsweringServer, answering_server


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    """A server that gives the answers it is told to."""
    with answering_server() as server:
        yield server


@pytest.fixture
def bucket(server: AnsweringServer) -> GoogleBucket:
    """The place `p` in the bucket `b` there."""
    return GoogleBucket(GoogleLocation("b", "p", server.endpoint))


def listed(names: list[str], prefixes: list[str] | None = None, token: str = "") -> bytes:
    """A listing as Google writes it."""
    items = [{"name": name, "size": "3", "timeCreated": "2026-05-01T00:00:00.5Z"} for name in names]
    return json.dumps({"items": items, "prefixes": prefixes or [], "nextPageToken": token}).encode()


def asked_for(server: AnsweringServer) -> dict[str, str]:
    """The query of the last request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(server.asked[-1].path).query).items()}


def test_a_listing_keeps_to_its_prefix(server: AnsweringServer, bucket: GoogleBucket) -> None:
    """Objects stand under the location's prefix; what is not packreg's is left out."""
    server.answer = lambda _: (200, {}, listed(["p/a/1", "p/a/B", "p/a//x", "other/a"], ["p/a/d/", "p/a/É/"]))
    page = bucket.list("a/", delimiter=True)
    assert [(entry.key, entry.size, entry.modified) for entry in page.entries] == [("a/1", 3, 1777593600.5)]
    assert (page.prefixes, page.more, page.full) == (("a/d/",), "", False)
    query = asked_for(server)
    assert (query["prefix"], query["delimiter"], query["maxResults"]) == ("p/a/", "/", "1000")


def test_a_listing_goes_on_behind_a_key(server: AnsweringServer, bucket: GoogleBucket) -> None:
    """`startOffset` is inclusive, so a listing after a key starts with what would follow it."""
    server.answer = lambda _: (200, {}, listed(["p/b"], token="next"))
    page = bucket.list("", after="a")
    assert asked_for(server)["startOffset"] == "p/a\0"
    bucket.list("", after="a", token=page.more)
    assert (asked_for(server)["startOffset"], asked_for(server)["pageToken"]) == ("p/a\0", "next")


def test_a_page_that_is_too_long_is_cut(server: AnsweringServer, bucket: GoogleBucket) -> None:
    """A server that gives more than was asked for is asked for the rest from where the page was cut."""
    server.answer = lambda _: (200, {}, listed(["p/a", "p/d"], ["p/b/", "p/c/"]))
    page = bucket.list("", limit=2, delimiter=True)
    assert ([entry.key for entry in page.entries], page.prefixes) == (["a"], ("b/",))
    bucket.list("", limit=2, delimiter=True, token=page.more)
    assert asked_for(server)["startOffset"] == "p/b/~\0"
    page = bucket.list("", limit=1, delimiter=True)
    assert ([entry.key for entry in page.entries], page.prefixes, bool(page.more)) == (["a"], (), True)


def test_a_full_page_that_is_the_last_leads_on(server: AnsweringServer, bucket: GoogleBucket) -> None:
    """A full page without a token may have more behind it, and says where that would be."""
    server.answer = lambda _: (200, {}, listed(["p/a", "p/b"]))
    page = bucket.list("", limit=2)
    assert page.full
    bucket.list("", limit=2, token=page.more)
    assert asked_for(server)["startOffset"] == "p/b\0"


@pytest.mark.parametrize(
    "body",
    [b'{"items": [{}]}', b'{"items": [{"name": "p/a", "size": "?"}]}', b'{"items": 3}', b'{"prefixes": [1]}'],
)
def test_a_listing_that_is_none_is_unsafe(server: AnsweringServer, bucket: GoogleBucket, body: bytes) -> None:
    """A listing without what a listing holds is refused, without a traceback."""
    server.answer = lambda _: (200, {}, body)
    with pytest.raises(StoreUnsafe, match="is incomplete"):
        bucket.list("")


def test_keys_that_cannot_be_are_refused(server: AnsweringServer, bucket: GoogleBucket) -> None:
    """The rule for keys holds before anything is sent."""
    for verb in (
        lambda: bucket.put_new("A", b""),
        lambda: bucket.get("../a", limit=1),
        lambda: bucket.delete("a//b"),
        lambda: bucket.list("//"),
    ):
        with pytest.raises(UsageError):
            verb()
    assert server.asked == []


def test_says_the_time(server: AnsweringServer, bucket: GoogleBucket) -> None:
    """The store's time is that of its answers; an answer without one is no time."""
    server.answer = lambda _: (200, {"Date": "Fri, 01 May 2026 00:00:00 GMT"}, b"{}")
    assert bucket.clock() is not None
    assert bucket.own_times


@pytest.mark.parametrize(
    ("of_bucket", "to_upload", "expected"),
    [
        (
            (200, {}, b'{"name": "b", "versioning": {"enabled": true}}'),
            (400, {}, b'{"error": {"message": "Provided MD5 hash does not match"}}'),
            {"versioning": "enabled", "checksums": "verified"},
        ),
        (
            (200, {}, b'{"name": "b"}'),
            (200, {}, b'{"name": "p/x/wrong-checksum"}'),
            {"versioning": "off", "checksums": "ignored"},
        ),
        ((403, {}, b""), (403, {}, b""), {"versioning": "unknown", "checksums": "unknown"}),
    ],
)
def test_says_what_the_bucket_is_like(
    server: AnsweringServer,
    bucket: GoogleBucket,
    of_bucket: tuple[int, dict[str, str], bytes],
    to_upload: tuple[int, dict[str, str], bytes],
    expected: dict[str, str],
) -> None:
    """Versions are as the bucket says, where that may be asked, and checksums as tried out."""
    server.answer = lambda asked: (
        to_upload if asked.method == "POST" else (200, {}, b"{}") if "/o?" in asked.path else of_bucket
    )
    assert bucket.inspect("x") == expected
