"""Locations: what is read, what is refused, and what names the same registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.store.url import StoreLocation, parse_location

CWD = Path("/work dir")
LONG = "s3://bucket/team/packs?endpoint_url=https%3A%2F%2Fs3.example.com%3A9000&profile=ci&region=eu-west-1"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("/srv/registry", "file:///srv/registry"),
        ("/srv//registry/../registry/", "file:///srv/registry"),
        ("registry", "file:///work%20dir/registry"),
        ("./registry", "file:///work%20dir/registry"),
        ("..", "file:///"),
        ("odd:name", "file:///work%20dir/odd:name"),
        ("what?really", "file:///work%20dir/what%3Freally"),
        ("file:///srv/registry", "file:///srv/registry"),
        ("file:///srv/a%20b/%C3%A4", "file:///srv/a%20b/%C3%A4"),
        ("FILE://localhost/srv", "file:///srv"),
        ("file:/srv", "file:///srv"),
        ("file:///srv?allow_network_fs=true", "file:///srv"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("S3://Bucket_1.x/Team/", "s3://Bucket_1.x/Team"),
        (
            "s3://bucket/team/packs?region=eu-west-1&profile=ci&endpoint_url=https://S3.example.com:9000/",
            LONG,
        ),
        (LONG, LONG),
    ],
)
def test_reads_locations(text: str, url: str) -> None:
    """Every spelling of a location has one canonical URL, which reads as the same location."""
    location = parse_location(text, cwd=CWD)
    assert location.url == url
    again = parse_location(url, cwd="/elsewhere")
    assert again == location._replace(allow_network_fs=False)
    assert again.id == location.id


def test_fields() -> None:
    """Each part of an S3 URL is in its field, and a directory has only a path."""
    assert parse_location(LONG, cwd=CWD) == StoreLocation(
        bucket="bucket",
        prefix="team/packs",
        endpoint_url="https://s3.example.com:9000",
        region="eu-west-1",
        profile="ci",
    )
    assert parse_location("file:///srv?allow_network_fs=1", cwd=CWD) == StoreLocation(
        path="/srv", allow_network_fs=True
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("/srv/\x1b[31m", "control"),
        ("~/registry", "expanded"),
        ("gs://bucket", "gs://"),
        ("https://bucket.s3.amazonaws.com/x", "https://"),
        ("file://server/share", "this machine"),
        ("file:registry", "this machine"),
        ("file:///a%00b", "null"),
        ("file:///a?region=x", "unknown option 'region'"),
        ("file:///a?allow_network_fs=perhaps", "neither"),
        ("s3://", "name of a bucket"),
        ("s3:///x", "name of a bucket"),
        ("s3://b", "name of a bucket"),
        ("s3://bucket#x", "name of a bucket"),
        ("s3://arn:aws:s3:eu-west-1:1:accesspoint/x/y", "name of a bucket"),
        ("s3://bucket/a//b", "prefix"),
        ("s3://bucket/../x", "prefix"),
        ("s3://bucket/a b", "prefix"),
        ("s3://bucket/" + "x" * 401, "400"),
        ("s3://bucket/x?regoin=x", "unknown option 'regoin'"),
        ("s3://bucket/x?allow_network_fs=true", "unknown option"),
        ("s3://bucket/x?region=a&region=b", "twice"),
        ("s3://bucket/x?region=", "empty"),
        ("s3://bucket/x?region", "name=value"),
        ("s3://bucket/x?endpoint_url=localhost:9000", "http"),
        ("s3://bucket/x?endpoint_url=http://host:99999", "http"),
        ("s3://bucket/x?endpoint_url=http://host?a=b", "no credentials, query"),
    ],
)
def test_refuses_what_cannot_be_meant(text: str, message: str) -> None:
    """What is wrong with a location is said, with a way to write it."""
    with pytest.raises(UsageError, match=message):
        parse_location(text, cwd=CWD)


@pytest.mark.parametrize(
    "text",
    ["s3://AKIAX:geheim@bucket/x", "s3://bucket/x?endpoint_url=http://me:geheim@host"],
)
def test_never_repeats_credentials(text: str) -> None:
    """Credentials in a location are refused, and not shown again."""
    with pytest.raises(UsageError) as caught:
        parse_location(text, cwd=CWD)
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_ids_tell_registries_apart() -> None:
    """The id is twelve hex digits, and another for another bucket, prefix, endpoint or directory."""
    texts = [
        "/a",
        "/b",
        "s3://bucket",
        "s3://bucket/a",
        "s3://other/a",
        "s3://bucket/a?endpoint_url=http://host",
    ]
    ids = {parse_location(text, cwd=CWD).id for text in texts}
    assert len(ids) == len(texts)
    assert all(len(word) == 12 and int(word, 16) >= 0 for word in ids)
