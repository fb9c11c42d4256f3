"""Locations: what is read, what is refused, and what names the same registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.store.location import AzureLocation, DirectoryLocation, GoogleLocation, S3Location
from packreg.store.url import parse_location

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
        ("file://./registry", "file:///work%20dir/registry"),
        ("file://../srv?no_tmp_dir=true", "file:///srv"),
        ("gs://policies", "gs://policies"),
        ("gs://policies/team/", "gs://policies/team"),
        (
            "gs://policies?endpoint_url=http://127.0.0.1:4443",
            "gs://policies?endpoint_url=http%3A%2F%2F127.0.0.1%3A4443",
        ),
        ("azblob://packs/team?storage_account=ours", "azblob://packs/team?storage_account=ours"),
        (
            "azblob://packs?storage_account=ours&protocol=http&localemu=1&domain=127.0.0.1:1",
            "azblob://packs?domain=127.0.0.1%3A1&localemu=true&protocol=http&storage_account=ours",
        ),
        ("azblob://packs?protocol=https&localemu=false", "azblob://packs"),
    ],
)
def test_reads_locations(text: str, url: str) -> None:
    """Every spelling of a location has one canonical URL, which reads as the same location."""
    location = parse_location(text, cwd=CWD)
    assert location.url == url
    again = parse_location(url, cwd="/elsewhere")
    if isinstance(location, DirectoryLocation):
        location = location._replace(allow_network_fs=False)
    assert again == location == parse_location(location.shown, cwd="/elsewhere")
    assert again.id == location.id


def test_fields() -> None:
    """Each part of an S3 URL is in its field, and a directory has only a path."""
    assert parse_location(LONG, cwd=CWD) == S3Location(
        bucket="bucket",
        prefix="team/packs",
        endpoint_url="https://s3.example.com:9000",
        region="eu-west-1",
        profile="ci",
    )
    assert parse_location("file:///srv?allow_network_fs=1", cwd=CWD) == DirectoryLocation(
        path="/srv", allow_network_fs=True
    )
    assert parse_location("gs://policies/a/b", cwd=CWD) == GoogleLocation("policies", "a/b")
    assert parse_location("azblob://packs/a?storage_account=ours&domain=H:1&localemu=t", cwd=CWD) == (
        AzureLocation("packs", "a", storage_account="ours", domain="h:1", localemu=True)
    )


@pytest.mark.parametrize(
    ("options", "ours"),
    [
        ("endpoint=host:9000", "endpoint_url=https://host:9000"),
        ("endpoint=host:9000&disableSSL=true&s3ForcePathStyle=true", "endpoint_url=http://host:9000"),
        ("endpoint=host:9000&disable_https=1&use_path_style=1", "endpoint_url=http://host:9000"),
        ("endpoint=https://host&disableSSL=false&awssdk=v2", "endpoint_url=https://host"),
        ("endpoint=https://host&disableSSL=true", "endpoint_url=https://host"),
        ("endpoint=http://host&region=eu-1&profile=p", "endpoint_url=http://host&region=eu-1&profile=p"),
        ("s3ForcePathStyle=false", ""),
        ("awssdk=v1&hostname_immutable=true", ""),
    ],
)
def test_reads_what_pulumi_writes(options: str, ours: str) -> None:
    """A location that Pulumi's backends have is the same registry as the one in packreg's own words."""
    assert parse_location(f"s3://bucket/p?{options}", cwd=CWD) == parse_location(
        f"s3://bucket/p?{ours}".rstrip("?"), cwd=CWD
    )


def test_how_the_bucket_is_named_in_requests() -> None:
    """Only what differs from the usual is kept: with an endpoint the bucket is in the path, else not."""
    styles = {
        text: parse_location(f"s3://bucket?{text}", cwd=CWD)
        for text in ("s3ForcePathStyle=true", "s3ForcePathStyle=false&endpoint=https://host")
    }
    first, second = styles.values()
    assert isinstance(first, S3Location)
    assert isinstance(second, S3Location)
    assert (first.path_style, second.path_style) == (True, False)
    assert second.url == "s3://bucket?endpoint_url=https%3A%2F%2Fhost&s3ForcePathStyle=false"
    assert parse_location(second.url, cwd=CWD) == second


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("/srv/\x1b[31m", "control"),
        ("~/registry", "expanded"),
        ("swift://bucket", "swift://"),
        ("postgres://user@host/states", "PostgreSQL"),
        ("postgresql://host/states", "PostgreSQL"),
        ("gs://Bucket", "name of a bucket"),
        ("gs://bucket?region=x", "unknown option 'region'"),
        ("gs://bucket/a b", "prefix"),
        ("azblob://packs_x", "name of a container"),
        ("azblob://a--b", "name of a container"),
        ("azblob://packs?storage_account=Ours", "storage_account"),
        ("azblob://packs?storage_account=ours&domain=x/y", "domain"),
        ("azblob://packs?protocol=ftp", "protocol"),
        ("azblob://packs?localemu=perhaps", "neither"),
        ("s3://bucket?endpoint=https://a&endpoint_url=https://a", "mean the same"),
        ("s3://bucket?disableSSL=true", "over http"),
        ("s3://bucket?disableSSL=perhaps&endpoint=h", "neither"),
        ("s3://bucket?kmskeyid=x", "unknown option 'kmskeyid'"),
        ("s3://bucket?endpoint=h:99999", "http"),
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
    [
        "s3://AKIAX:geheim@bucket/x",
        "gs://geheim@bucket",
        "azblob://x:geheim@packs",
        "s3://bucket/x?endpoint_url=http://me:geheim@host",
    ],
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
        "gs://bucket",
        "azblob://bucket?storage_account=one",
        "azblob://bucket?storage_account=two",
    ]
    ids = {parse_location(text, cwd=CWD).id for text in texts}
    assert len(ids) == len(texts)
    assert all(len(word) == 12 and int(word, 16) >= 0 for word in ids)
