"""Proving that bytes are those of a record."""

from __future__ import annotations

from typing import Any

import pytest

from packreg.errors import IntegrityError
from packreg.registry.proof import prove_bundle, prove_files

from .packs import bundle, pack, record


def test_the_bundle_of_a_record_is_proved_and_opened() -> None:
    """The right bytes give the pack's files."""
    assert prove_files(record(), bundle().data) == pack().files


def test_other_bytes_of_the_same_size_are_refused() -> None:
    """A size alone proves nothing."""
    data = bytearray(bundle().data)
    data[-1] ^= 1
    with pytest.raises(IntegrityError, match="has the sha256"):
        prove_bundle(record(), bytes(data))


def test_a_shorter_bundle_is_refused_by_its_size() -> None:
    """A cut download is told from a forged one."""
    with pytest.raises(IntegrityError, match="bytes, its record says"):
        prove_bundle(record(), bundle().data[:-1])


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("digest", "sha256:" + "0" * 64, "digest"),
        ("members", 99, "files of guard@1.0.0: 2, not 99"),
        ("unpacked", 1, "unpacked bytes"),
        ("manifest_sha256", "0" * 64, "sha256 of the manifest"),
    ],
)
def test_a_record_that_does_not_fit_its_own_bundle_is_refused(member: str, value: Any, words: str) -> None:
    """The transport's digest may be right and the record lie all the same."""
    with pytest.raises(IntegrityError, match=words):
        prove_files(record()._replace(**{member: value}), bundle().data)


def test_a_bundle_that_is_no_archive_is_refused_even_if_its_sha256_fits() -> None:
    """A record written by somebody else can name any bytes; they are read strictly."""
    import hashlib

    data = b"not an archive"
    lying = record()._replace(bundle_sha256=hashlib.sha256(data).hexdigest(), bundle_size=len(data))
    with pytest.raises(IntegrityError, match="cannot be read"):
        prove_files(lying, data)
