"""Single requests to Azure, against a server that answers as it is told."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

import packreg
from packreg.errors import StoreUnavailable, StoreUnsafe, UsageError
from packreg.store.azure_account import azure_account
from packreg.store.azure_container import AzureContainer, answer_code, md5
from packreg.store.bucket import Unsure
from tests.store.azure_server import ENVIRON, Answer, AnsweringServer, answering_server, blob, refusal


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    """The server."""
    with answering_server() as server:
        yield server


@pytest.fixture
def container(server: AnsweringServer) -> AzureContainer:
    """A container in it."""
    return AzureContainer(lambda: azure_account(server.location, ENVIRON), "registry")


def test_a_create_is_one_conditional_request(server: AnsweringServer, container: AzureContainer) -> None:
    """The condition, the checksum and the whole body go in one request, which is not repeated."""
    server.answers = [refusal(503, "ServerBusy")]
    with pytest.raises(HttpResponseError) as caught:
        container.create("packs/a", b"x" * 300_000, md5(b"x" * 300_000), "application/json")
    assert answer_code(caught.value) == "ServerBusy"
    ((line, headers),) = server.asked
    assert line == "PUT /account/registry/packs/a"
    assert headers["If-None-Match"] == "*"
    assert headers["Content-MD5"] == md5(b"x" * 300_000)
    assert headers["Content-Length"] == "300000"
    assert headers["x-ms-blob-content-type"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(server: AnsweringServer, container: AzureContainer, status: int) -> None:
    """Nothing that is signed goes to where an answer points."""
    server.answers = [Answer(status, {"Location": f"http://{server.domain}/account/registry/other"})] * 2
    with pytest.raises(HttpResponseError):
        container.create("a", b"", md5(b""), "text/plain")
    with pytest.raises(HttpResponseError):
        container.read("a", 10)
    assert [line.split()[0] for line, _ in server.asked] == ["PUT", "GET"]


def test_an_answer_of_no_service_is_no_success(server: AnsweringServer, container: AzureContainer) -> None:
    """201 without what Azure says of a new blob proves nothing."""
    server.answers = [Answer(201, {}, b'{"ok":true}')]
    with pytest.raises(Unsure):
        container.create("a", b"", md5(b""), "text/plain")


def test_a_read_asks_for_one_byte_more_than_it_may_have(
    server: AnsweringServer, container: AzureContainer
) -> None:
    """One request tells a blob of exactly the limit from a larger one, however large that is."""
    server.answers = [blob(b"12345"), blob(b"123456", size=10**15)]
    assert container.read("a", 5) == b"12345"
    assert container.read("a", 5) is None
    assert [headers["x-ms-range"] for _, headers in server.asked] == ["bytes=0-5"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        blob(bytes(7)),
        Answer(206, {"Content-Range": "bytes 0-4/5"}, bytes(100), sized=False),
        Answer(200, {"ETag": '"1"'}, bytes(100)),
    ],
)
def test_a_server_that_sends_more_is_not_read(
    server: AnsweringServer, container: AzureContainer, answer: Answer
) -> None:
    """More bytes than were asked for, or nobody knows how many, are an error before they are in memory."""
    server.answers = [answer]
    with pytest.raises(StoreUnsafe, match="sends"):
        container.read("a", 5)


def test_bytes_are_given_as_they_are_stored(server: AnsweringServer, container: AzureContainer) -> None:
    """A blob that calls itself compressed is not unpacked: that could be of any size."""
    packed = gzip.compress(bytes(1_000_000))
    server.answers = [blob(packed, Content_Encoding="gzip")]
    assert container.read("a", 5_000) == packed


def test_bytes_that_changed_on_the_way_are_noticed(
    server: AnsweringServer, container: AzureContainer
) -> None:
    """Bytes that do not have the MD5 which the service keeps of the blob are not given."""
    server.answers = [blob(b"54321", x_ms_blob_content_md5=md5(b"12345"))]
    with pytest.raises(StoreUnavailable, match="other bytes"):
        container.read("a", 5)


def test_a_blob_without_bytes_is_read(server: AnsweringServer, container: AzureContainer) -> None:
    """Azure has no first byte to send of an empty blob, and says so by status 416."""
    server.answers = [refusal(416, "InvalidRange")]
    assert container.read("a", 5) == b""


def test_libraries_of_azure_are_loaded_only_by_requests() -> None:
    """Neither a location nor an unused bucket loads them, and nothing that a directory needs does."""
    program = (
        "import sys; from packreg.store.open import open_store\n"
        "open_store('azblob://registry/x?storage_account=account').describe()\n"
        "list(open_store('nowhere').list_all(''))\n"
        "heavy = {'azure', 'requests', 'urllib3', 'botocore', 'pathlib'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run(
        [sys.executable, "-S", "-c", program],
        check=True,
        env={"PYTHONPATH": str(Path(packreg.__file__).parents[1])},
    )


def test_missing_libraries_are_said(container: AzureContainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, the error says what to install, and nothing is asked."""
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    with pytest.raises(UsageError, match="libraries of Azure") as caught:
        container.read("a", 1)
    assert "azure-storage-blob" in caught.value.hint
