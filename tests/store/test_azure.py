"""The bucket in Azure, against a server that answers as it is told; on Azurite it is in tests/servers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from packreg.errors import (
    IntegrityError,
    NotFound,
    OutcomeUnknown,
    StoreRefused,
    StoreUnavailable,
    UsageError,
)
from packreg.store.azure import AzureBucket
from packreg.store.azure_container import md5
from packreg.store.bucket import Unsure
from packreg.store.location import AzureLocation
from packreg.store.probe import probe
from packreg.store.store import Store
from tests.store.azure_server import ENVIRON, Answer, AnsweringServer, answering_server, blob, refusal
from tests.store.ministack import free_port

LISTING = (
    '<?xml version="1.0"?><EnumerationResults ContainerName="registry"><Blobs>{items}</Blobs>'
    "<NextMarker>{marker}</NextMarker></EnumerationResults>"
)
BLOB = (
    "<Blob><Name>{name}</Name><Properties><Last-Modified>Tue, 01 Dec 2026 00:00:00 GMT</Last-Modified>"
    "<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
)
CREATED = Answer(201, {"ETag": '"1"', "Last-Modified": "Tue, 01 Dec 2026 00:00:00 GMT"})


def listing(*names: str, marker: str = "") -> Answer:
    """A page of a listing; a name that ends with "/" is a group."""
    items = "".join(
        f"<BlobPrefix><Name>{name}</Name></BlobPrefix>" if name.endswith("/") else BLOB.format(name=name)
        for name in names
    )
    body = LISTING.format(items=items, marker=marker)
    date = {"Date": "Tue, 01 Dec 2026 00:00:10 GMT", "Content-Type": "application/xml"}
    return Answer(200, date, body.encode())


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    """The server."""
    with answering_server() as server:
        yield server


@pytest.fixture
def bucket(server: AnsweringServer) -> AzureBucket:
    """A bucket in it."""
    return AzureBucket(server.location, environ=ENVIRON)


def test_accounts_with_a_hierarchical_namespace_are_refused(
    server: AnsweringServer, bucket: AzureBucket
) -> None:
    """They are told by what the account says of itself, in words that say what to do."""
    said = {"x-ms-is-hns-enabled": "true", "x-ms-sku-name": "Standard_LRS", "x-ms-account-kind": "StorageV2"}
    server.answers = [Answer(200, said), listing()]
    verdict = probe(bucket)
    assert not verdict.ok
    assert "hierarchical namespace" in verdict.reason


@pytest.mark.parametrize(
    ("answers", "facts"),
    [
        (
            [Answer(200, {"x-ms-is-hns-enabled": "false"}), CREATED, refusal(400, "Md5Mismatch")],
            {"namespace": "flat", "versioning": "off", "checksums": "verified"},
        ),
        (
            [
                refusal(403, "AuthorizationPermissionMismatch"),
                CREATED._replace(
                    headers=CREATED.headers | {"x-ms-version-id": "2026-12-01T00:00:00.0000000Z"}
                ),
                CREATED,
            ],
            {"namespace": "unknown", "versioning": "enabled", "checksums": "ignored"},
        ),
        (
            [refusal(403, "AuthorizationFailure"), refusal(503, "ServerBusy")],
            {"namespace": "unknown", "versioning": "unknown", "checksums": "unknown"},
        ),
    ],
)
def test_says_what_the_account_is_like(
    server: AnsweringServer, bucket: AzureBucket, answers: list[Answer], facts: dict[str, str]
) -> None:
    """Where the account may not be asked about, that is unknown and no reason to refuse it."""
    server.answers = list(answers)
    assert bucket.inspect(".packreg/probe/x") == facts


def test_a_lost_reply_is_asked_for_again(server: AnsweringServer, bucket: AzureBucket) -> None:
    """The creator learns that it created, though the second attempt was told that the name is taken."""
    server.answers = [refusal(500, "InternalError"), refusal(409, "BlobAlreadyExists"), blob(b"mine")]
    assert Store(bucket).create("a", b"mine") is None
    assert [line.split()[0] for line, _ in server.asked] == ["PUT", "PUT", "GET"]


def test_a_container_that_is_being_deleted_is_not_a_taken_name(
    server: AnsweringServer, bucket: AzureBucket
) -> None:
    """409 alone says nothing: this one is refused, and after a lost reply the outcome is unknown."""
    server.answers = [refusal(409, "ContainerBeingDeleted")]
    with pytest.raises(StoreRefused, match="ContainerBeingDeleted"):
        Store(bucket).create("a", b"mine")
    server.answers = [refusal(500, "InternalError"), refusal(409, "ContainerBeingDeleted")]
    with pytest.raises(OutcomeUnknown):
        Store(bucket).create("a", b"mine")


def test_a_listing_goes_on_by_the_services_marker(server: AnsweringServer, bucket: AzureBucket) -> None:
    """Markers are opaque; what is not packreg's, or not after a key, is left out of the page."""
    server.answers = [listing("a/1", "a/2", "a/B", marker="opaque+/="), listing("a/3")]
    first = bucket.list("a/", after="a/1", limit=3)
    second = bucket.list("a/", after="a/1", token=first.more, limit=3)
    assert [entry.key for page in (first, second) for entry in page.entries] == ["a/2", "a/3"]
    assert second.more == ""
    assert "marker=opaque%2B%2F%3D" in server.asked[1][0]
    assert first.entries[0].size == 3


def test_groups_that_hold_nothing_after_a_key_are_left_out(
    server: AnsweringServer, bucket: AzureBucket
) -> None:
    """`after` is compared with keys and not with groups, so a group that holds it is looked into."""
    server.answers = [listing("a/", "b/", "c/"), listing("b/1", "b/5")]
    assert bucket.list("", after="b/5", delimiter=True).prefixes == ("c/",)
    server.answers = [listing("a/", "b/", "c/"), listing("b/1", marker="m"), listing("b/7")]
    assert bucket.list("", after="b/5", delimiter=True).prefixes == ("b/", "c/")


@pytest.mark.parametrize("body", [b"<html>", b"", b"<EnumerationResults/>", b'{"Blobs": []}'])
def test_a_listing_that_is_none_is_no_empty_one(
    server: AnsweringServer, bucket: AzureBucket, body: bytes
) -> None:
    """What cannot be read as a listing is an error, never "nothing there", and shows no traceback."""
    server.answers = [Answer(200, {"Content-Type": "application/xml"}, body)]
    with pytest.raises(StoreUnavailable):
        bucket.list("")


def test_the_time_is_that_of_the_service(server: AnsweringServer, bucket: AzureBucket) -> None:
    """The time comes from an answer's header."""
    server.answers = [listing()]
    clock = bucket.clock()
    assert clock is not None
    assert clock > 1_700_000_000


def test_a_larger_object_is_not_read(server: AnsweringServer, bucket: AzureBucket) -> None:
    """The limit and the object are named."""
    server.answers = [blob(b"123456")]
    with pytest.raises(IntegrityError, match="more than the 5 bytes"):
        bucket.get("a", limit=5)


def test_absent_is_only_what_the_service_calls_absent(server: AnsweringServer, bucket: AzureBucket) -> None:
    """A 404 of a missing container, or of something that is no service, is an error."""
    server.answers = [refusal(404, "BlobNotFound"), refusal(404, "BlobNotFound")]
    with pytest.raises(NotFound):
        bucket.get("a", limit=5)
    bucket.delete("a")
    for answer in (refusal(404, "ContainerNotFound"), Answer(404, {}, b"<html></html>")):
        for verb in (lambda: bucket.get("a", limit=5), lambda: bucket.delete("a"), lambda: bucket.list("")):
            server.answers = [answer]
            with pytest.raises(StoreRefused):
                verb()


@pytest.mark.parametrize(
    "secret", [{"AZURE_STORAGE_SAS_TOKEN": "sp=rl&sig=c2VjcmV0"}, {"AZURE_STORAGE_KEY": "a2V5"}]
)
def test_nobody_there_is_unavailable_and_no_secret_is_shown(secret: dict[str, str]) -> None:
    """Without a server nothing was sent; a signature, which is in the address, stays out of the message."""
    location = AzureLocation("registry", "", "account", "http", f"127.0.0.1:{free_port()}", True)
    bucket = AzureBucket(location, environ=secret)
    with pytest.raises(StoreUnavailable) as caught:
        bucket.put_new("a", b"")
    assert "c2VjcmV0" not in str(caught.value)


def test_a_signature_is_sent_as_such(server: AnsweringServer) -> None:
    """A shared access signature goes into the query, and no header signs."""
    bucket = AzureBucket(server.location, environ={"AZURE_STORAGE_SAS_TOKEN": "?sp=rl&sig=c2VjcmV0"})
    server.answers = [blob(b"1")]
    assert bucket.get("a", limit=1) == b"1"
    ((line, headers),) = server.asked
    assert "sig=c2VjcmV0" in line
    assert "Authorization" not in headers


def test_a_damaged_key_is_refused(server: AnsweringServer) -> None:
    """A key that is none is said as such, and not as an answer."""
    bucket = AzureBucket(server.location, environ={"AZURE_STORAGE_KEY": "no key"})
    with pytest.raises((StoreRefused, UsageError)):
        bucket.list("")
    assert server.asked == []


def test_the_libraries_print_nothing(
    server: AnsweringServer, bucket: AzureBucket, capfd: pytest.CaptureFixture[str]
) -> None:
    """An odd error body makes the library warn, which Python prints where nobody takes it."""
    server.answers = [Answer(500, {"Content-Type": "application/xml"}, b"{")]
    with pytest.raises(Unsure):
        bucket.put_new("a", b"")
    assert logging.getLogger("azure").handlers
    assert capfd.readouterr().err == ""


def test_bytes_are_compared_with_what_the_service_keeps(server: AnsweringServer, bucket: AzureBucket) -> None:
    """A read of changed bytes is tried again, and never given."""
    good = blob(b"12345", x_ms_blob_content_md5=md5(b"12345"))
    server.answers = [blob(b"54321", x_ms_blob_content_md5=md5(b"12345")), good]
    assert Store(bucket).get("a") == b"12345"
