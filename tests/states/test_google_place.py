"""States in Google Cloud Storage; backends made there are read in tests/servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import InvalidState, NotFound, StoreRefused, StoreUnavailable, UsageError
from packreg.states import place_entry
from packreg.states.places import open_place
from packreg.states.sources import read_source
from tests.store.answering_server import Answered, AnsweringServer, Asked, answering_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:
    """A server that gives the answers it is told to; nobody waits for it."""
    monkeypatch.setattr(place_entry, "_PAUSES", (0.0, 0.0))
    with answering_server() as server:
        yield server


@pytest.mark.parametrize("how", ["endpoint", "endpoint_url", "variable", "variable without http"])
def test_an_emulator_is_named_by_the_url_or_the_variable(server: AnsweringServer, how: str) -> None:
    """By either word of the URL, and by Google's variable as Go and as Python write it."""
    server.answer = lambda _: (200, {}, b"x")
    url, environ = "gs://b/p", {}
    if how.startswith("variable"):
        address = server.endpoint.removeprefix("http://") if "without" in how else server.endpoint
        environ = {"STORAGE_EMULATOR_HOST": address, "GOOGLE_OAUTH_ACCESS_TOKEN": "geheim"}
    else:
        url += f"?{how}={server.endpoint}"
    assert open_place(url, cwd=Path("/"), environ=environ).read("odd../a", 9) == b"x"
    (asked,) = server.asked
    assert asked.path == "/storage/v1/b/b/o/p%2Fodd..__0x2f__a?alt=media"
    assert "authorization" not in asked.headers
    assert read_source(url, cwd=Path("/"), environ=environ).where == "gs://b/p"


def test_all_pages_are_read(server: AnsweringServer) -> None:
    """A listing goes on with the token of each page; names are those before they were escaped."""

    def answer(asked: Asked) -> Answered:
        items = [{"name": "p/a..__0x2f__b", "updated": "2026-05-01T00:00:00.5Z"}]
        more = (
            {}
            if "pageToken=2" in asked.path
            else {"nextPageToken": "2" if "pageToken" in asked.path else "1"}
        )
        return 200, {}, json.dumps({"items": items, **more}).encode()

    server.answer = answer
    place = open_place(f"gs://b/p?endpoint={server.endpoint}", cwd=Path("/"))
    assert list(place.list("a")) == [("a../b", 1777593600.5)] * 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((404, {}, b"No such object: b/p/a"), NotFound),
        ((404, {}, b'{"error": {"message": "The specified bucket does not exist."}}'), NotFound),
        ((403, {}, b"may not"), StoreRefused),
        ((503, {}, b""), StoreUnavailable),
        ((200, {}, b"xx"), InvalidState),
    ],
)
def test_what_cannot_be_read_is_told_apart(
    server: AnsweringServer, answer: Answered, kind: type[Exception]
) -> None:
    """Absent, not permitted, out of reach and too large are four things; only the third is tried again."""
    server.answer = lambda _: answer
    place = open_place(f"gs://b/p?endpoint={server.endpoint}", cwd=Path("/"))
    with pytest.raises(kind):
        place.read("a", 1)
    reads = [asked for asked in server.asked if "alt=media" in asked.path]
    assert len(reads) == (3 if kind is StoreUnavailable else 1)


@pytest.mark.parametrize("body", [b'{"items": [{}]}', b'{"items": 3}', b'{"nextPageToken": "same"}'])
def test_a_listing_that_is_none_is_no_answer(server: AnsweringServer, body: bytes) -> None:
    """A listing without what a listing holds, or without an end, is an error and no traceback."""
    server.answer = lambda _: (200, {}, body)
    with pytest.raises(StoreUnavailable):
        list(open_place(f"gs://b?endpoint={server.endpoint}", cwd=Path("/")).list(""))


@pytest.mark.parametrize("url", ["gs://", "gs://geheim@bucket", "gs://b?region=x", "gs://b?endpoint=ftp://x"])
def test_urls_that_cannot_be_meant_are_refused(url: str) -> None:
    """What is wrong with a location is said, without repeating what may be a secret."""
    with pytest.raises(UsageError) as refused:
        open_place(url, cwd=Path("/"))
    assert "geheim" not in str(refused.value)
