"""Keys from AWS KMS, on the emulator and, for what it does not answer, on a server that says it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from packreg.errors import IntegrityError, PackregError, StoreRefused, StoreUnavailable, UsageError
from packreg.store.kms import KmsKeys, KmsLocation, parse_kms
from tests.store.ministack import CREDENTIALS


@pytest.fixture(scope="module")
def made(s3_endpoint: str) -> str:
    """A key in the emulator, which has an alias."""
    from botocore.session import Session

    kms = Session().create_client(
        "kms",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    key = str(kms.create_key()["KeyMetadata"]["KeyId"])
    kms.create_alias(AliasName="alias/packreg", TargetKeyId=key)
    return key


def keys(key: str, endpoint: str) -> KmsKeys:
    """The keys that this KMS key wraps."""
    return KmsKeys(KmsLocation(key, "us-east-1", endpoint_url=endpoint), timeout=5)


@pytest.mark.usefixtures("aws")
def test_a_wrapped_key_comes_back(made: str, s3_endpoint: str) -> None:
    """Every call gives a new key of 32 bytes, and another process gets it back from what was stored."""
    one, other = keys(made, s3_endpoint), keys("alias/packreg", s3_endpoint)
    for mine, theirs in ((one, other), (other, one)):
        how, key = mine.new("prod", [])
        assert len(key) == 32
        assert ":" not in how
        assert key not in base64.b64decode(how)
        assert theirs.get("prod", how) == key
        assert mine.new("prod", [how])[1] != key


@pytest.mark.usefixtures("aws")
def test_a_wrapped_key_is_for_its_environment(made: str, s3_endpoint: str) -> None:
    """Under another environment's name it is not unwrapped, nor is what was damaged."""
    subject = keys(made, s3_endpoint)
    how, _ = subject.new("prod", [])
    for wrapped in (how, how[:-8] + "AAAA" + how[-4:], "!"):
        with pytest.raises(IntegrityError, match="a secret of test"):
            subject.get("test", wrapped)


@pytest.mark.usefixtures("aws")
def test_a_key_that_does_not_exist_is_refused(s3_endpoint: str) -> None:
    """The message names the key, and the hint the permissions."""
    with pytest.raises(StoreRefused, match="the key no-such-key cannot be used for prod") as raised:
        keys("no-such-key", s3_endpoint).new("prod", [])
    assert "kms:GenerateDataKey" in raised.value.hint


@contextmanager
def answering(answer: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]) -> Iterator[str]:
    """A key service on loopback that gives these answers to requests; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answer(request)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.usefixtures("aws")
def test_answers_of_the_service_are_sorted_out() -> None:
    """Who must act is told apart: the operator of the key, whoever set the secret, or nobody yet."""
    cases: list[tuple[int, str, type[PackregError]]] = [
        (400, "AccessDeniedException", StoreRefused),
        (400, "DisabledException", StoreRefused),
        (400, "KMSInvalidStateException", StoreRefused),
        (400, "InvalidCiphertextException", IntegrityError),
        (400, "IncorrectKeyException", IntegrityError),
        (400, "DependencyTimeoutException", StoreUnavailable),
        (500, "KMSInternalException", StoreUnavailable),
    ]
    now = cases[:1]
    with answering(lambda request: (now[0][0], {"__type": now[0][1], "message": "no"})) as url:
        subject = keys("k", url)
        for case in cases:
            now[0] = case
            with pytest.raises(case[2]):
                subject.get("prod", "AAAA")


@pytest.mark.usefixtures("aws")
def test_a_key_is_asked_for_once_and_by_name() -> None:
    """A data key is unwrapped once, by the KMS key of the location and for the environment."""
    asked: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        asked.append(request)
        return 200, {"KeyId": "k", "Plaintext": base64.b64encode(b"k" * 32).decode()}

    with answering(answer) as url:
        subject = keys("k", url)
        assert [subject.get("prod", "AAAA") for _ in range(3)] == [b"k" * 32] * 3
    wanted = {"KeyId": "k", "CiphertextBlob": "AAAA", "EncryptionContext": {"packreg:environment": "prod"}}
    assert asked == [wanted]


@pytest.mark.usefixtures("aws")
def test_a_key_of_another_length_is_refused() -> None:
    """What the service gives is checked before anything is encrypted with it."""
    answer = {"KeyId": "k", "Plaintext": base64.b64encode(b"short").decode(), "CiphertextBlob": "AAAA"}
    with answering(lambda request: (200, answer)) as url, pytest.raises(IntegrityError, match="32 bytes"):
        keys("k", url).new("prod", [])


@pytest.mark.usefixtures("aws")
def test_a_service_that_is_not_there_is_unavailable() -> None:
    """And without credentials or a region, nothing is asked."""
    with answering(lambda request: (200, {})) as url:
        pass
    with pytest.raises(StoreUnavailable):
        keys("k", url).get("prod", "AAAA")
    with pytest.raises(StoreRefused, match="region"):
        KmsKeys(KmsLocation("k")).get("prod", "AAAA")


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("awskms://1234-ab?region=eu-west-1", KmsLocation("1234-ab", "eu-west-1")),
        ("awskms://alias/packreg", KmsLocation("alias/packreg")),
        ("awskms:///arn:aws:kms:x:1:key/2?profile=p", KmsLocation("arn:aws:kms:x:1:key/2", profile="p")),
        ("awskms://k?endpoint_url=http://localhost:1", KmsLocation("k", endpoint_url="http://localhost:1")),
    ],
)
def test_locations_are_read(text: str, location: KmsLocation) -> None:
    """Key ids, ARNs and aliases, as Pulumi writes them, with options."""
    assert parse_kms(text) == location


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gcpkms://k",
        "awskms://",
        "awskms://?region=x",
        "awskms://k?x=1",
        "awskms://a b",
        "awskms://k?region=",
    ],
)
def test_what_is_no_location_is_refused(text: str) -> None:
    """Unknown services, no key, unknown options."""
    with pytest.raises(UsageError):
        parse_kms(text)
