"""Connection strings: where an account answers, and its secret."""

from __future__ import annotations

import pytest

from packreg.errors import UsageError
from packreg.store.azure_connection import connection_string

PORTAL = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=a2V5==;EndpointSuffix=core.windows.net"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (
            PORTAL,
            {
                "storage_account": "mine",
                "protocol": "https",
                "domain": "blob.core.windows.net",
                "key": "a2V5==",
                "sas": "",
            },
        ),
        (
            "BlobEndpoint=https://mine.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D",
            {
                "storage_account": "mine",
                "protocol": "https",
                "domain": "blob.core.windows.net",
                "key": "",
                "sas": "sv=1&sig=x%3D",
            },
        ),
        (
            "AccountName=mine;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/mine;",
            {
                "storage_account": "mine",
                "protocol": "http",
                "domain": "127.0.0.1:10000",
                "localemu": "true",
                "key": "a2V5",
                "sas": "",
            },
        ),
    ],
)
def test_says_where_the_account_is_and_its_secret(text: str, expected: dict[str, str]) -> None:
    """Every form that the portal, the tools and the emulator write is read."""
    assert connection_string(text) == expected


def test_the_emulators_own_is_known() -> None:
    """`UseDevelopmentStorage=true` is the emulator at its usual port."""
    said = connection_string("UseDevelopmentStorage=true")
    assert said["domain"] == "127.0.0.1:10000"
    assert said["key"]


@pytest.mark.parametrize(
    "text",
    [
        "AccountKey",
        "AccountName=mine;secretsecret",
        "AccountName=mine;AccountKey=secretsecret;BlobEndpoint=ftp://mine",
        "AccountName=mine;AccountKey=secretsecret;BlobEndpoint=https://other.example.org",
    ],
)
def test_what_is_none_is_refused_without_its_text(text: str) -> None:
    """A damaged one is said, and never shown: it holds a secret."""
    with pytest.raises(UsageError) as caught:
        connection_string(text)
    assert "AZURE_STORAGE_CONNECTION_STRING" in str(caught.value)
    assert "secretsecret" not in str(caught.value) + caught.value.hint
