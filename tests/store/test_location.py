"""Locations as values: what all kinds have in common."""

from __future__ import annotations

import pytest

from packreg.store.location import (
    AzureLocation,
    DirectoryLocation,
    GoogleLocation,
    S3Location,
    StoreLocation,
)


@pytest.mark.parametrize(
    ("location", "url", "shown"),
    [
        (DirectoryLocation("/a b", allow_network_fs=True), "file:///a%20b", "file:///a%20b"),
        (S3Location("b"), "s3://b", "s3://b"),
        (
            S3Location("b", "p", endpoint_url="http://h:1", region="r"),
            "s3://b/p?endpoint_url=http%3A%2F%2Fh%3A1&region=r",
            "s3://b/p?endpoint_url=http://h:1&region=r",
        ),
        (GoogleLocation("b", "p"), "gs://b/p", "gs://b/p"),
        (
            AzureLocation("c", "p", storage_account="a"),
            "azblob://c/p?storage_account=a",
            "azblob://c/p?storage_account=a",
        ),
    ],
)
def test_writes_its_url(location: StoreLocation, url: str, shown: str) -> None:
    """A location has one canonical URL and a readable one, and only a directory is local."""
    assert (location.url, location.shown, str(location)) == (url, shown, url)
    assert location.is_local is isinstance(location, DirectoryLocation)
    assert len(location.id) == 12
