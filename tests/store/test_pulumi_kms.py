"""Keys of Pulumi stacks, unwrapped by AWS KMS: the emulator."""

from __future__ import annotations

import os
from typing import Any

import pytest

from packreg.errors import StoreRefused, UsageError
from packreg.store.pulumi_kms import unwrapped
from tests.store.ministack import CREDENTIALS


@pytest.fixture(scope="module")
def kms(s3_endpoint: str) -> Any:
    """A client of the emulator."""
    from botocore.session import Session

    return Session().create_client(
        "kms",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture
def here(aws: None, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's AWS configuration names the emulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", s3_endpoint)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("url", "context"),
    [
        ("awskms://{key}?region=us-east-1", {}),
        (
            "awskms:///{key}?region=us-east-1&awssdk=v2&context_team=a&context_for=b%20c",
            {"team": "a", "for": "b c"},
        ),
        ("awskms:///arn:aws:kms:us-east-1:000000000000:key/{key}", {}),
        # who writes a state does not choose whom packreg signs requests to, nor as whom
        ("awskms://{key}?region=us-east-1&profile=root&endpoint=http://127.0.0.1:9", {}),
    ],
)
def test_what_pulumi_wrapped_is_unwrapped(kms: Any, url: str, context: dict[str, str]) -> None:
    """By `Encrypt` of 32 random bytes, under the encryption context of the URL."""
    key, plain = kms.create_key()["KeyMetadata"]["KeyId"], os.urandom(32)
    wrapped = kms.encrypt(KeyId=key, Plaintext=plain, EncryptionContext=context)["CiphertextBlob"]
    assert unwrapped(url.format(key=key), wrapped) == plain


@pytest.mark.usefixtures("here")
def test_what_no_key_wrapped_is_refused(kms: Any) -> None:
    """The message names the key of the URL, the hint the permission."""
    with pytest.raises(StoreRefused, match="the stack's key alias/mine cannot be used") as refused:
        unwrapped("awskms://alias/mine?region=us-east-1", b"nothing that KMS wrapped")
    assert "kms:Decrypt" in refused.value.hint
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    short = kms.encrypt(KeyId=key, Plaintext=b"short")["CiphertextBlob"]
    with pytest.raises(UsageError, match="did not wrap a key of 32 bytes"):
        unwrapped(f"awskms://{key}?region=us-east-1", short)


@pytest.mark.parametrize(
    "url",
    [
        "gcpkms://k",
        "awskms://",
        "awskms://a b",
        "awskms://k?region=evil.example/",
        "awskms://[k",
    ],
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError, match="the secrets provider's URL"):
        unwrapped(url, b"")


def test_an_endpoint_without_tls_is_refused(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for all that is signed."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://kms.example")
    with pytest.raises(UsageError, match="http"):
        unwrapped("awskms://k?region=us-east-1", b"x")
