"""Records: what they hold, and what a reader refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import IntegrityError, InvalidPack, StoreRefused
from packreg.pack.version import Version
from packreg.registry.artifacts import Artifact
from packreg.registry.record import MAX_RECORD, MOST_DIRTY, Lock, Record, Source
from packreg.text import one_line

from .packs import artifact, record

V1 = Version("1.0.0")


def edited(edit: Callable[[dict[str, Any]], object]) -> bytes:
    """A good record's bytes after an edit of its members."""
    members = record().as_json()
    edit(members)
    return json.dumps(members).encode()


def test_a_record_is_read_back_as_it_was_written() -> None:
    """Encoding and decoding are each other's inverse."""
    assert Record.decode(record().encode(), "guard", V1) == record()


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_every_text_that_was_made_printable_survives(
    who: str, branch: str, lock: str, notes: list[str]
) -> None:
    """Whatever git, a tool or a person wrote, the record of it can be read again and is the same."""
    wrote = record()._replace(
        publisher=one_line(who),
        source=Source("c0", branch, "", True).cleaned(),
        lock=Lock("npm", lock, "npm 11"),
        notes=tuple(one_line(note) for note in notes),
    )
    assert Record.decode(wrote.encode(), "guard", V1) == wrote


def test_the_files_that_are_not_committed_are_written_only_where_there_are_some() -> None:
    """A record without them has the members that it always had; of many files some are named."""
    clean = record().as_json()["source"]
    assert list(clean) == ["commit", "branch", "remote", "dirty"]
    many = Source(dirty=True, dirty_files=tuple(f"f{n}\n" for n in range(MOST_DIRTY + 5))).cleaned()
    assert len(many.dirty_files) == MOST_DIRTY and "\n" not in many.dirty_files[0]
    wrote = record()._replace(source=many)
    assert Record.decode(wrote.encode(), "guard", V1) == wrote


def test_artifacts_are_written_only_where_there_are_some() -> None:
    """A record without them is the one that every packreg wrote."""
    assert "artifacts" not in record().as_json()
    wrote = record()._replace(artifacts=(artifact(), Artifact("x-2.tgz", "ab" * 32, 7, "x-2.tar.gz")))
    assert Record.decode(wrote.encode(), "guard", V1) == wrote


def test_the_version_is_kept_as_its_author_wrote_it() -> None:
    """The key is folded, the record is not."""
    wrote = record(version="1.0.0-RC.1")
    assert Record.decode(wrote.encode(), "guard", Version("1.0.0-rc.1")).version.text == "1.0.0-RC.1"


def test_members_that_a_newer_packreg_added_are_ignored() -> None:
    """The format can grow without shutting out older readers."""
    data = edited(lambda members: members.update(policies=[{"name": "p"}], extra=None))
    assert Record.decode(data, "guard", V1) == record()


def test_a_newer_format_is_refused_by_its_number() -> None:
    """What cannot be understood is not guessed at, and the hint says what to do."""
    with pytest.raises(StoreRefused, match="was written in format 2") as caught:
        Record.decode(edited(lambda members: members.update(format=2)), "guard", V1)
    assert caught.value.hint == "upgrade packreg"


def test_the_range_of_pythons_is_written_only_where_there_is_one() -> None:
    """As PEP 440 has it."""
    assert "requires_python" not in record().as_json()
    for wanted in (">=3.12", "<4,>=3.12.4", "~=3.12", "==3.13.*,!=3.13.0rc1"):
        wrote = record()._replace(requires_python=wanted)
        assert Record.decode(wrote.encode(), "guard", V1) == wrote


ARTIFACT = artifact()._asdict()
HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a range of Pythons that is none": lambda m: m.update(requires_python="3.12"),
    "a range of Pythons with a line": lambda m: m.update(requires_python=">=3.12\n"),
    "a range of Pythons without end": lambda m: m.update(requires_python=">=3.12," * 21),
    "artifacts are no list": lambda m: m.update(artifacts={}),
    "artifact with a path": lambda m: m.update(artifacts=[ARTIFACT | {"name": "../x.whl"}]),
    "artifact with a space": lambda m: m.update(artifacts=[ARTIFACT | {"name": "x .whl"}]),
    "artifact like an option": lambda m: m.update(artifacts=[ARTIFACT | {"name": "-x.whl"}]),
    "artifact without digest": lambda m: m.update(artifacts=[ARTIFACT | {"sha256": "ab"}]),
    "artifact without end": lambda m: m.update(artifacts=[ARTIFACT | {"size": 2**40}]),
    "no format": lambda m: m.pop("format"),
    "format is true": lambda m: m.update(format=True),
    "format is text": lambda m: m.update(format="1"),
    "another pack": lambda m: m.update(name="other"),
    "another version": lambda m: m.update(version="1.0.1"),
    "no version": lambda m: m.update(version="latest"),
    "version is a number": lambda m: m.update(version=1.0),
    "digest without algorithm": lambda m: m.update(digest="ab" * 32),
    "digest in upper case": lambda m: m.update(digest="sha256:" + "AB" * 32),
    "sha256 with a newline": lambda m: m["bundle"].update(sha256="ab" * 32 + "\n"),
    "key of another pack": lambda m: m["bundle"].update(key=m["bundle"]["key"].replace("guard", "other")),
    "key that climbs": lambda m: m["bundle"].update(key="../../etc/passwd"),
    "bundle is a list": lambda m: m.update(bundle=[]),
    "negative size": lambda m: m["bundle"].update(size=-1),
    "huge size": lambda m: m["bundle"].update(size=2**40),
    "size is true": lambda m: m["bundle"].update(size=True),
    "size is a fraction": lambda m: m["bundle"].update(size=1.5),
    "members is null": lambda m: m.update(members=None),
    "manifest is text": lambda m: m.update(manifest="runtime: python"),
    "time is local": lambda m: m.update(published="2026-01-02 03:04:05"),
    "lock of an unknown kind": lambda m: m["lock"].update(kind="poetry"),
    "lock with other text": lambda m: m["lock"].update(text="evil==1.0\n"),
    "lock is text": lambda m: m.update(lock="evil==1.0"),
    "dirty is text": lambda m: m["source"].update(dirty="no"),
    "a dirty file is a number": lambda m: m["source"].update(dirty_files=[1]),
    "notes is text": lambda m: m.update(notes="note"),
    "a note is a number": lambda m: m.update(notes=[1]),
}


@pytest.mark.parametrize("edit", HOSTILE.values(), ids=HOSTILE)
def test_a_record_that_lies_or_is_malformed_is_an_integrity_error(
    edit: Callable[[dict[str, Any]], object],
) -> None:
    """Each message names the object, so that an operator can find it."""
    with pytest.raises(IntegrityError, match=r"packs/guard/v/1\.0\.0"):
        Record.decode(edited(edit), "guard", V1)


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"\xff", b"{", b'{"format": 1, "format": 1}', b'{"format": NaN}', b"[" * 100_000],
    ids=["empty", "null", "list", "not UTF-8", "cut off", "same key twice", "NaN", "deep"],
)
def test_what_is_no_json_object_is_an_integrity_error(data: bytes) -> None:
    """No traceback, whatever the bytes."""
    with pytest.raises(IntegrityError):
        Record.decode(data, "guard", V1)


@given(st.integers(0), st.integers(0, 255))
def test_a_damaged_record_is_refused_or_keeps_its_place(position: int, byte: int) -> None:
    """One changed byte never raises anything else, and never moves a record to another release or bundle."""
    data = bytearray(record().encode())
    data[position % len(data)] = byte
    try:
        found = Record.decode(bytes(data), "guard", V1)
    except (IntegrityError, StoreRefused):
        return
    assert (found.name, found.version) == ("guard", V1)
    assert found.bundle_key == f"bundles/guard/1.0.0/{found.bundle_sha256}.tgz"


def test_a_record_that_readers_would_refuse_for_its_size_is_not_written() -> None:
    """The publisher hears of it, not every reader."""
    wrote = record()._replace(lock=Lock("npm", "x" * MAX_RECORD))
    with pytest.raises(InvalidPack, match="more than 4194304"):
        wrote.encode()
    with pytest.raises(IntegrityError, match="more than the limit"):
        Record.decode(b" " * (MAX_RECORD + 1), "guard", V1)


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://ann:t0ken@git.example/guard", "https://git.example/guard"),
        ("https://t0ken@git.example/guard@2", "https://git.example/guard@2"),
        ("ssh://git@git.example/guard", "ssh://git.example/guard"),
        ("git@git.example:guard", "git@git.example:guard"),
        ("https://git.example/a@b", "https://git.example/a@b"),
    ],
)
def test_credentials_in_a_remote_are_not_published(remote: str, shown: str) -> None:
    """Every reader of the registry can read its records."""
    assert Source(remote=remote).cleaned().remote == shown


def test_no_text_of_a_record_can_forge_terminal_output() -> None:
    """Escape sequences, line breaks and bidirectional controls are gone after reading."""
    evil = "a\x1b[2J\r\u202eb\nc\x9b\u2028"
    data = edited(lambda m: m.update(publisher=evil, notes=[evil], manifest={"description": [evil]}))
    found = Record.decode(data, "guard", V1)
    clean = r"a \u202eb c\x9b "
    assert (found.publisher, found.notes, found.manifest["description"]) == (clean, (clean,), [clean])
