"""Which account is meant, where it answers, and which secret goes there."""

from __future__ import annotations

import pytest

from packreg.errors import StoreRefused, UsageError
from packreg.store.azure_account import AzureAccount, azure_account
from packreg.store.location import AzureLocation

CONTAINER = AzureLocation("registry")
NAMED = CONTAINER._replace(storage_account="mine")
STRING = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=c3RyaW5n;EndpointSuffix=core.windows.net"


@pytest.mark.parametrize(
    ("location", "environ", "expected"),
    [
        (NAMED, {}, AzureAccount("mine", "https://mine.blob.core.windows.net")),
        (
            CONTAINER,
            {"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_KEY": "a2V5"},
            AzureAccount("mine", "https://mine.blob.core.windows.net", key="a2V5"),
        ),
        (
            NAMED,
            {"AZURE_STORAGE_KEY": "a2V5", "AZURE_STORAGE_SAS_TOKEN": "sig=x"},
            AzureAccount("mine", "https://mine.blob.core.windows.net", key="a2V5"),
        ),
        (
            NAMED,
            {"AZURE_STORAGE_SAS_TOKEN": "sig=x"},
            AzureAccount("mine", "https://mine.blob.core.windows.net", sas="sig=x"),
        ),
        (
            CONTAINER,
            {"AZURE_STORAGE_CONNECTION_STRING": STRING},
            AzureAccount("mine", "https://mine.blob.core.windows.net", key="c3RyaW5n"),
        ),
        (
            NAMED._replace(domain="blob.core.chinacloudapi.cn"),
            {},
            AzureAccount("mine", "https://mine.blob.core.chinacloudapi.cn"),
        ),
        (
            NAMED,
            {"AZURE_STORAGE_DOMAIN": "blob.storage.example.org"},
            AzureAccount("mine", "https://mine.blob.storage.example.org"),
        ),
        (
            NAMED._replace(protocol="http", domain="127.0.0.1:10000"),
            {"AZURE_STORAGE_SAS_TOKEN": "sig=x"},
            AzureAccount("mine", "http://127.0.0.1:10000/mine", sas="sig=x"),
        ),
        (
            NAMED,
            {
                "AZURE_STORAGE_PROTOCOL": "http",
                "AZURE_STORAGE_DOMAIN": "localhost:10000",
                "AZURE_STORAGE_IS_LOCAL_EMULATOR": "True",
                "AZURE_STORAGE_KEY": "a2V5",
            },
            AzureAccount("mine", "http://localhost:10000/mine", key="a2V5"),
        ),
    ],
)
def test_the_account_is_found_in_pulumis_words(
    location: AzureLocation, environ: dict[str, str], expected: AzureAccount
) -> None:
    """The location wins over variables; a key over a signature over a connection string."""
    assert azure_account(location, environ) == expected


def test_no_account_is_said_with_both_ways_to_name_one() -> None:
    """Without an account nothing can be asked."""
    with pytest.raises(UsageError, match="does not say") as caught:
        azure_account(CONTAINER, {"AZURE_STORAGE_KEY": "a2V5"})
    assert "storage_account=" in caught.value.hint
    assert "AZURE_STORAGE_ACCOUNT" in caught.value.hint


@pytest.mark.parametrize(
    "environ",
    [
        {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_STORAGE_KEY": "a2V5"},
        {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_STORAGE_SAS_TOKEN": "sig=x"},
        {"AZURE_STORAGE_CONNECTION_STRING": STRING.replace("mine", "other")},
    ],
)
def test_a_secret_is_for_the_account_that_is_named_beside_it(environ: dict[str, str]) -> None:
    """A location that somebody else wrote does not get the secret of another account."""
    account = azure_account(NAMED, environ)
    assert (account.key, account.sas) == ("", "")


@pytest.mark.parametrize("secret", [{}, {"AZURE_STORAGE_KEY": "a2V5"}, {"AZURE_STORAGE_SAS_TOKEN": "sig=x"}])
@pytest.mark.parametrize(
    "domain", ["example.org", "blob.core.windows.net.example.org", "evilblob.core.windows.net"]
)
def test_nothing_is_signed_for_a_domain_that_only_the_location_names(
    domain: str, secret: dict[str, str]
) -> None:
    """A signature or a token could be used at Azure by whoever gets it; a variable allows a domain."""
    location = NAMED._replace(domain=domain)
    with pytest.raises(StoreRefused, match="not a domain of Azure") as caught:
        azure_account(location, secret)
    assert f"AZURE_STORAGE_DOMAIN={domain}" in caught.value.hint
    assert azure_account(location, {**secret, "AZURE_STORAGE_DOMAIN": domain}).url == f"https://mine.{domain}"


def test_no_secret_goes_over_plain_http() -> None:
    """A signature or a token is refused always; a key, which only signs, where http is not allowed."""
    location = NAMED._replace(protocol="http")
    for environ in ({}, {"AZURE_STORAGE_SAS_TOKEN": "sig=x"}):
        for allowed in (False, True):
            with pytest.raises(UsageError, match="in the clear"):
                azure_account(location, environ, allow_http=allowed)
    with pytest.raises(UsageError, match="over http"):
        azure_account(location, {"AZURE_STORAGE_KEY": "a2V5"})
    assert azure_account(location, {"AZURE_STORAGE_KEY": "a2V5"}, allow_http=True).url.startswith("http:")


def test_only_the_location_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an operator fixed the registry, variables are for secrets alone."""
    environ = {
        "AZURE_STORAGE_ACCOUNT": "mine",
        "AZURE_STORAGE_KEY": "a2V5",
        "AZURE_STORAGE_DOMAIN": "example.org",
        "AZURE_STORAGE_PROTOCOL": "http",
    }
    expected = AzureAccount("mine", "https://mine.blob.core.windows.net", key="a2V5")
    assert azure_account(NAMED, environ, only_location=True) == expected
    with pytest.raises(UsageError, match="does not say"):
        azure_account(CONTAINER, environ, only_location=True)


@pytest.mark.parametrize(
    "environ",
    [
        {"AZURE_STORAGE_ACCOUNT": "evil.example.org/"},
        {"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_DOMAIN": "x@example.org"},
        {"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_PROTOCOL": "file"},
    ],
)
def test_variables_are_checked_like_options(environ: dict[str, str]) -> None:
    """What would make another address than it seems to is refused, with the variable's name."""
    with pytest.raises(UsageError, match="AZURE_STORAGE_"):
        azure_account(CONTAINER, environ)
