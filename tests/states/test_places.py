"""Places that states are read from: files and buckets, by their URLs."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import NotFound, StoreRefused, StoreUnavailable, UsageError
from packreg.states.places import open_place
from tests.states.test_backend import ELSEWHERE, where_of


def test_a_place_that_is_not_there_is_said(tmp_path: Path, state_bucket: str, aws: None) -> None:
    """A missing directory or bucket is not an empty one's fault, and a dead server is no missing stack."""
    with pytest.raises(NotFound):
        where_of("dev", f"file://{tmp_path}/none")
    with pytest.raises(NotFound, match="NoSuchBucket"):
        where_of("dev", f"s3://none-such?endpoint={state_bucket}&use_path_style=true&region=us-east-1")
    with pytest.raises(StoreUnavailable):
        where_of("dev", "s3://states?endpoint=127.0.0.1:1&disableSSL=true&s3ForcePathStyle=true&region=x")


def test_missing_credentials_are_said(state_bucket: str, aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about them being the operator's."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(StoreRefused, match="no AWS credentials"):
        where_of("dev", f"s3://states?endpoint={state_bucket}&use_path_style=1&region=us-east-1")


@pytest.mark.parametrize(
    "url", ["gs://", "swift://bucket", "https://api.pulumi.com", "postgresql://x", "/tmp", "", "s3://"]
)
def test_other_backends_are_refused_with_a_way_out(url: str) -> None:
    """What cannot be read here, the CLI can export."""
    with pytest.raises(UsageError):
        open_place(url, cwd=ELSEWHERE)


def test_messages_show_no_password() -> None:
    """Of whatever kind the location is: it gets into logs."""
    for url in ("postgresql://me:sec/ret@db/s", "mysql://me:sec@ret@db/s", "x://db?password=secret&user=me"):
        with pytest.raises(UsageError) as refused:
            open_place(url, cwd=ELSEWHERE)
        assert "sec" not in str(refused.value) and "ret" not in str(refused.value)
    with pytest.raises(UsageError, match="is Pulumi Cloud"):
        open_place("https://api.pulumi.com", cwd=ELSEWHERE)
