"""A store, or what stands before it, that leaves keys out of its listings."""

from __future__ import annotations

from typing import Any

import pytest

from packreg.errors import StoreUnsafe
from packreg.store.location import S3Location
from packreg.store.probe import probe
from packreg.store.s3 import S3Bucket
from packreg.store.store import Store

KEYS = [f"packs/a/v/1.0.{number}" for number in range(3_500)]


class Server:
    """Answers listings of `KEYS` as S3 does; `spoil` changes each answer before it is sent."""

    def __init__(self, spoil: Any) -> None:
        self.keys = dict.fromkeys(KEYS, b"")
        self.spoil = spoil

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        """One page."""
        from datetime import UTC, datetime

        after = asked.get("ContinuationToken", asked.get("StartAfter", ""))
        found = [key for key in sorted(self.keys) if key > after and key.startswith(asked["Prefix"])]
        page = found[: asked["MaxKeys"]]
        when = datetime.now(UTC)
        answer: dict[str, Any] = {
            "Contents": [{"Key": key, "Size": 0, "LastModified": when} for key in page],
            "IsTruncated": len(found) > len(page),
        }
        if answer["IsTruncated"]:
            answer["NextContinuationToken"] = page[-1]
        return self.spoil(answer, asked)  # type: ignore[no-any-return]


def listed(spoil: Any) -> list[str]:
    """What a client gets of all keys from such a server."""
    bucket = S3Bucket(S3Location(bucket="policies", endpoint_url="http://127.0.0.1:9"))
    bucket._reads = lambda: Server(spoil)  # type: ignore[method-assign]
    return [entry.key for entry in Store(bucket, deadline=0.1).list_all("packs/")]


def test_an_honest_server_is_read_whole() -> None:
    """The server of these tests, left alone, gives every key."""
    assert listed(lambda answer, asked: answer) == sorted(KEYS)


def test_a_full_page_that_is_called_the_last_hides_nothing() -> None:
    """A server that gives a thousand keys, and says that this is all, does not hide the other thousands."""

    def spoil(answer: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        return {"Contents": answer["Contents"], "IsTruncated": False}

    assert listed(spoil) == sorted(KEYS)


@pytest.mark.parametrize("fault", ["no token", "same page", "backwards", "from the start"])
def test_pages_that_do_not_go_on_are_an_error(fault: str) -> None:
    """A server that repeats itself, or does not say how to go on, stops the reader: never a shorter list."""

    def spoil(answer: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        if fault == "no token":
            answer.pop("NextContinuationToken", None)
        elif fault == "same page" and "ContinuationToken" in asked:
            answer["NextContinuationToken"] = asked["ContinuationToken"]
        elif fault == "backwards":
            answer["Contents"].reverse()
        elif fault == "from the start":
            answer["NextContinuationToken"] = ""
            answer["IsTruncated"] = True
        return answer

    with pytest.raises(StoreUnsafe):
        listed(spoil)


def test_such_stores_are_refused_when_they_are_tried() -> None:
    """`init` and `doctor` walk pages of a few objects, and refuse a store that has no second page."""
    from packreg.store.bucket import Page
    from packreg.store.memory import MemoryBucket

    class Short(MemoryBucket):
        def list(
            self,
            prefix: str,
            *,
            after: str = "",
            token: str = "",
            limit: int = 1000,
            delimiter: bool = False,
        ) -> Page:
            page = super().list(prefix, after=after, token=token, limit=limit, delimiter=delimiter)
            return page._replace(more="")

    verdict = probe(Short(), rounds=1)
    assert not verdict.ok
    assert "pages" in verdict.reason
