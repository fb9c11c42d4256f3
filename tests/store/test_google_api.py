"""Requests to Google Cloud Storage: what is sent, to whom, and what each answer means."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator

import pytest

from packreg.errors import (
    IntegrityError,
    NotFound,
    PackregError,
    StoreRefused,
    StoreUnavailable,
    StoreUnsafe,
    UsageError,
)
from packreg.store.bucket import Exists, Unsure
from packreg.store.google_api import GOOGLE, GoogleStorage, NoBucket
from packreg.store.location import GoogleLocation
from packreg.store.trust import Trust
from tests.store.answering_server import AnsweringServer, answering_server
from tests.store.ministack import free_port


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    """A server that gives the answers it is told to."""
    with answering_server() as server:
        yield server


def storage(server: AnsweringServer) -> GoogleStorage:
    """The bucket `b` there."""
    return GoogleStorage(GoogleLocation("b", endpoint_url=server.endpoint), read_timeout=2.0)


def error(status: int, reason: str, message: str) -> tuple[int, dict[str, str], bytes]:
    """An error answer as Google writes it."""
    told = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return status, {}, json.dumps({"error": told}).encode()


def test_an_object_is_one_upload_with_its_condition_and_checksum(server: AnsweringServer) -> None:
    """One request creates an object of any bytes, with the condition and the MD5 of the bytes."""
    data = b"\r\n--x--\r\n" * 3
    server.answer = lambda _: (200, {}, b'{"name": "p/a.json", "generation": "1"}')
    storage(server).insert("p/a.json", data)
    (asked,) = server.asked
    assert asked.method == "POST"
    assert asked.path.startswith("/upload/storage/v1/b/b/o?uploadType=multipart&ifGenerationMatch=0")
    kind, _, boundary = asked.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/related"
    _, told, body, end = asked.body.split(f"--{boundary}".encode())
    assert json.loads(told.partition(b"\r\n\r\n")[2]) == {
        "name": "p/a.json",
        "contentType": "application/json",
        "md5Hash": base64.b64encode(hashlib.md5(data).digest()).decode(),
    }
    assert body.partition(b"\r\n\r\n")[2] == data + b"\r\n"
    assert end == b"--\r\n"


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (error(412, "conditionNotMet", "At least one did not hold."), Exists, "exists"),
        ((412, {}, b""), Exists, "exists"),
        ((200, {}, b"<html>"), Unsure, "200"),
        ((200, {}, b'{"name": "other"}'), Unsure, "200"),
        ((201, {}, b""), Unsure, "201"),
        (error(409, "conflict", "another write"), Unsure, "409"),
        (error(429, "rateLimitExceeded", "slow down"), Unsure, "slow down"),
        (error(403, "userRateLimitExceeded", "slow down"), Unsure, "slow down"),
        (error(500, "backendError", "oops"), Unsure, "oops"),
        ((503, {}, b"<html>busy"), Unsure, "busy"),
        (error(400, "invalid", "Provided MD5 hash x doesn't match calculated MD5 hash y."), Unsure, "MD5"),
        (error(400, "invalid", "Bad name"), StoreRefused, "Bad name"),
        (error(401, "authError", "Invalid Credentials"), StoreRefused, "log in again"),
        (
            error(403, "forbidden", "no storage.objects.create access"),
            StoreRefused,
            "publishing",
        ),
        (error(404, "notFound", "The specified bucket does not exist."), NoBucket, "create the bucket"),
        ((404, {}, b"<html>not here"), StoreRefused, "not Google Cloud Storage"),
        ((307, {"Location": "https://elsewhere"}, b""), StoreRefused, "307"),
        ((501, {}, b""), StoreUnsafe, "501"),
    ],
)
def test_what_an_answer_to_a_write_means(
    server: AnsweringServer, answer: tuple[int, dict[str, str], bytes], kind: type[PackregError], word: str
) -> None:
    """Only a definite refusal means that nothing was written; everything else is unsure, and asked again."""
    server.answer = lambda _: answer
    with pytest.raises(kind) as caught:
        storage(server).insert("a", b"x")
    assert type(caught.value) is kind
    assert word in f"{caught.value} {caught.value.hint}"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((404, {}, b"No such object: b/a"), NotFound),
        (error(404, "notFound", "No such object: b/a"), NotFound),
        ((404, {}, b"<!DOCTYPE html>no such page"), StoreRefused),
        (error(404, "notFound", "Not Found"), NoBucket),  # the listing says the same: there is no bucket
        ((403, {}, b"may not, or it may not exist"), StoreRefused),
        ((503, {}, b""), StoreUnavailable),
        ((200, {"x-goog-hash": "crc32c=AAAA,md5=1B2M2Y8AsgTpgAmY7PhCfg=="}, b"x"), StoreUnavailable),
        ((200, {"Content-Length": "9", "Connection": "close"}, b"x"), StoreUnavailable),
        ((200, {}, b"xxxx"), IntegrityError),
    ],
)
def test_what_an_answer_to_a_read_means(
    server: AnsweringServer, answer: tuple[int, dict[str, str], bytes], kind: type[PackregError]
) -> None:
    """Absent is only what the store calls absent; half an object and changed bytes are never given."""
    server.answer = lambda _: answer
    with pytest.raises(kind) as caught:
        storage(server).read("a", 3)
    assert type(caught.value) is kind


def test_a_bucket_that_is_there_has_no_such_object(server: AnsweringServer) -> None:
    """Where a 404 does not say what is missing, the bucket is listed once to find out."""
    server.answer = lambda asked: (404, {}, b"Not Found") if "alt=media" in asked.path else (200, {}, b"{}")
    bucket = storage(server)
    for _ in range(2):
        with pytest.raises(NotFound):
            bucket.read("a", 1)
    assert len([asked for asked in server.asked if "alt=media" not in asked.path]) == 1


def test_names_are_quoted_and_bytes_are_as_stored(server: AnsweringServer) -> None:
    """A name with slashes is one part of the path, and an object that is stored compressed stays so."""
    server.answer = lambda _: (200, {"Content-Encoding": "gzip"}, b"\x1f\x8bnot unpacked")
    assert storage(server).read("a/b c", 99) == b"\x1f\x8bnot unpacked"
    assert server.asked[0].path == "/storage/v1/b/b/o/a%2Fb%20c?alt=media"
    server.answer = lambda _: (204, {}, b"")
    storage(server).delete("a/b c")
    assert (server.asked[1].method, server.asked[1].path) == ("DELETE", "/storage/v1/b/b/o/a%2Fb%20c")


def test_a_listing_that_is_none_is_tried_again(server: AnsweringServer) -> None:
    """What answers a listing with a page of its own proves nothing about the bucket."""
    server.answer = lambda _: (200, {}, b"<html>log in</html>")
    with pytest.raises(StoreUnavailable):
        storage(server).page("")


def test_nobody_there_is_unavailable() -> None:
    """Without a server nothing was sent, and that is said at once."""
    nobody = GoogleStorage(GoogleLocation("b", endpoint_url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(StoreUnavailable, match="cannot create a"):
        nobody.insert("a", b"")


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [
        ("", True),
        ("https://storage-private.p.googleapis.com", True),
        ("https://storage.googleapis.com.evil.example", False),
        ("https://evil.example", False),
        ("http://storage.googleapis.com", False),
        ("http://127.0.0.1:9", False),
    ],
)
def test_a_token_goes_to_google_alone(endpoint: str, sent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names an endpoint in a location does not get the token of whoever uses it."""
    bucket = GoogleStorage(
        GoogleLocation("b", endpoint_url=endpoint),
        environ={"GOOGLE_OAUTH_ACCESS_TOKEN": "geheim"},
        trust=Trust(allow_http=True),
    )
    seen: list[tuple[str, dict[str, str]]] = []

    def request(_: str, url: str, *, headers: dict[str, str], **__: object) -> None:
        seen.append((url, headers))
        raise OSError("no network in this test")

    monkeypatch.setattr(bucket._connections, "request", request)
    with pytest.raises(StoreUnavailable):
        bucket.read("a", 1)
    ((url, headers),) = seen
    assert url.startswith(endpoint or GOOGLE)
    assert headers.get("Authorization") == ("Bearer geheim" if sent else None)


def test_http_on_another_machine_is_refused() -> None:
    """Over http only this machine is asked, unless that was allowed."""
    verbs: list[Callable[[GoogleStorage], object]] = [
        lambda bucket: bucket.read("a", 1),
        lambda bucket: bucket.insert("a", b""),
        lambda bucket: bucket.page(""),
    ]
    for verb in verbs:
        with pytest.raises(UsageError, match="over http"):
            verb(GoogleStorage(GoogleLocation("b", endpoint_url="http://store.example")))


def test_without_credentials_nothing_is_asked() -> None:
    """Google's own endpoint is not asked without a token, and the hint says how to log in."""
    with pytest.raises(StoreRefused, match="no credentials") as caught:
        GoogleStorage(GoogleLocation("b"), instance_role=False).read("a", 1)
    assert "gcloud auth" in caught.value.hint
