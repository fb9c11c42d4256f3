"""Opening a store: which bucket a location means."""

from __future__ import annotations

from pathlib import Path

from packreg.store.local import LocalBucket
from packreg.store.open import open_store
from packreg.store.s3 import S3Bucket
from packreg.store.url import parse_location

CWD = Path("/work dir")


LONG = "s3://bucket/team/packs?endpoint_url=https%3A%2F%2Fs3.example.com%3A9000&profile=ci&region=eu-west-1"


def test_opens_the_bucket_that_is_meant(tmp_path: Path) -> None:
    """A directory opens as files, an S3 URL as S3; neither is touched by that."""
    store = open_store("sub/dir", cwd=tmp_path, deadline=7.0)
    assert isinstance(store.bucket, LocalBucket)
    assert store.describe() == f"file://{tmp_path}/sub/dir"
    assert store.deadline == 7.0
    assert list(tmp_path.iterdir()) == []
    store = open_store(parse_location(LONG, cwd=CWD))
    assert isinstance(store.bucket, S3Bucket)
    assert store.describe() == LONG.replace("%3A", ":").replace("%2F", "/")
    assert parse_location(store.describe(), cwd=CWD).url == LONG
