"""States in Azure Blob Storage; backends are read from Azurite in tests/servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import InvalidState, NotFound, StoreRefused, StoreUnavailable, UsageError
from packreg.states import place_entry
from packreg.states.places import Place, open_place
from packreg.states.sources import read_source
from tests.store.azure_server import ENVIRON, AnsweringServer, answering_server, blob, refusal
from tests.store.test_azure import listing


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:
    """A server that gives the answers it is told to; nobody waits for it."""
    monkeypatch.setattr(place_entry, "_PAUSES", (0.0, 0.0))
    with answering_server() as server:
        yield server


@pytest.fixture
def url(server: AnsweringServer) -> str:
    """A backend in it, as Pulumi writes it."""
    return f"azblob://states/my%20team?storage_account=account&protocol=http&domain={server.domain}&localemu=true"


@pytest.fixture
def place(url: str) -> Place:
    """That backend."""
    return open_place(url, cwd=Path("/"), environ=ENVIRON)


def test_a_file_is_read_by_its_name(server: AnsweringServer, place: Place, url: str) -> None:
    """The prefix may be any text; names are escaped as Pulumi's library does; messages hold no query."""
    server.answers = [blob(b"x"), blob(b"y")]
    assert place.read("odd../a", 9) == b"x"
    assert read_source(url.replace("my%20team", "a/b.json"), cwd=Path("/"), environ=ENVIRON) == (
        b"y",
        "azblob://states/a/b.json",
    )
    assert [line for line, _ in server.asked] == [
        "GET /account/states/my%20team/odd..__0x2f__a",
        "GET /account/states/a/b.json",
    ]
    assert place.describe("a") == "azblob://states/my team/a"


def test_variables_say_what_the_url_leaves_open(server: AnsweringServer) -> None:
    """The account and where it answers can be in Pulumi's variables alone."""
    variables = {"DOMAIN": server.domain, "PROTOCOL": "http", "IS_LOCAL_EMULATOR": "true"}
    environ = ENVIRON | {f"AZURE_STORAGE_{name}": value for name, value in variables.items()}
    server.answers = [blob(b"x")]
    assert open_place("azblob://states", cwd=Path("/"), environ=environ).read("a", 9) == b"x"


def test_all_pages_are_read(server: AnsweringServer, place: Place) -> None:
    """A listing goes on by the marker of each page; names are those before they were escaped."""
    server.answers = [listing("my team/a..__0x2f__b", marker="m"), listing("my team/c")]
    assert [entry.name for entry in place.list("")] == ["a../b", "c"]
    server.answers = [listing("my team/a", marker="m")] * 2
    with pytest.raises(StoreUnavailable, match="circles"):
        list(place.list(""))


def test_what_goes_wrong_is_told(server: AnsweringServer, place: Place) -> None:
    """Absent, too large, refused and not answered are four things."""
    server.answers = [refusal(404, "BlobNotFound"), refusal(404, "ContainerNotFound")]
    with pytest.raises(NotFound, match="azblob://states/my team/a"):
        place.read("a", 9)
    with pytest.raises(NotFound, match="ContainerNotFound"):
        list(place.list(""))
    server.answers = [blob(b"12345")]
    with pytest.raises(InvalidState, match="more than 4 bytes"):
        place.read("a", 4)
    server.answers = [refusal(403, "AuthorizationPermissionMismatch")]
    with pytest.raises(StoreRefused, match="cannot be read") as refused:
        place.read("a", 9)
    assert "Storage Blob Data Reader" in refused.value.hint
    server.answers = [refusal(503, "ServerBusy")] * 3
    with pytest.raises(StoreUnavailable):
        place.read("a", 9)
    assert server.answers == []


@pytest.mark.parametrize(
    "url", ["azblob://", "azblob://c@states", "azblob://states?sas=secret", "azblob://states?protocol=ftp"]
)
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    """Bad URLs are the caller's to mend."""
    with pytest.raises(UsageError):
        open_place(url, cwd=Path("/"), environ=ENVIRON)
