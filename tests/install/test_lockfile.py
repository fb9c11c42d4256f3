"""packreg.lock."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import UsageError
from packreg.install.lockfile import Lockfile, Pin, find_lock, lock_text, pins_of, read_lock
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from tests.laws import LONG_LAW

DIGEST = "sha256:" + "a" * 64
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True).filter(
    lambda n: n not in ("con", "prn", "aux", "nul")
)
VERSIONS = st.from_regex(r"[1-9]{1,3}\.[0-9]\.[0-9](-rc\.[1-9])?", fullmatch=True)
PINS = st.builds(
    Pin, NAMES, VERSIONS.map(Version), st.binary(min_size=32, max_size=32).map(lambda b: f"sha256:{b.hex()}")
)


@LONG_LAW
@given(st.lists(PINS, unique_by=lambda pin: pin.name))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, pins: list[Pin]) -> None:
    """Every lock reads back as it was written, and writing it again changes no byte."""
    path = tmp_path_factory.mktemp("lock") / "packreg.lock"
    path.write_text(lock_text(Lockfile({pin.name: pin for pin in pins})), "utf-8")
    data = path.read_bytes()
    found = read_lock(path)
    assert found == Lockfile({pin.name: pin for pin in pins})
    path.write_text(lock_text(found), "utf-8")
    assert path.read_bytes() == data


def test_the_format(tmp_path: Path) -> None:
    """Entries are sorted by name, with the same keys in the same order."""
    path = tmp_path / "packreg.lock"
    pins = [Pin("limits", Version("2.0.0"), DIGEST), Pin("guard", Version("1.2.0-rc.1"), DIGEST)]
    path.write_text(lock_text(Lockfile({pin.name: pin for pin in pins})), "utf-8")
    assert path.read_text() == (
        "# Written by `packreg lock`; install exactly these packs with `packreg install --locked`.\n"
        "version = 1\n"
        f'\n[[pack]]\nname = "guard"\nversion = "1.2.0-rc.1"\nsha256 = "{"a" * 64}"\n'
        f'\n[[pack]]\nname = "limits"\nversion = "2.0.0"\nsha256 = "{"a" * 64}"\n'
    )


ENTRY = f'[[pack]]\nname = "guard"\nversion = "1.0.0"\nsha256 = "{"a" * 64}"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("version = ", "is not TOML"),
        ("", "has version None"),
        ("version = 3", "has version 3"),
        ('version = 2\nneeds = ["seals"]', "needs 'seals', which this packreg does not know"),
        ("version = 2\nneeds = 3", "not a list of features"),
        ("version = 1\npack = 3", "is not a lock"),
        ("version = 1\n" + ENTRY + ENTRY, "pins guard twice"),
        ("version = 1\n" + ENTRY.replace('"1.0.0"', "1"), "an entry has name, version and sha256"),
        ("version = 1\n" + ENTRY.replace("1.0.0", "v1"), "'v1' is not a version"),
        ("version = 1\n" + ENTRY.replace("guard", "../x"), "'../x' is not a pack name"),
        ("version = 1\n" + ENTRY.replace("a" * 64, "A" * 64), "64 lower-case hex digits"),
    ],
)
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """A lock that was edited by mistake is an error that names the file, never half a lock."""
    path = tmp_path / "packreg.lock"
    path.write_text(text)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_lock(path)
    assert str(path) in str(caught.value)


def test_what_a_newer_packreg_wrote_is_skipped_and_kept(tmp_path: Path) -> None:
    """Keys that are not known change nothing for a reader, and are there after the lock was written again."""
    path = tmp_path / "packreg.lock"
    more = """seen = 2026-08-01T12:00:00Z
odd = {"a b" = [1, 1.5, inf, true, "q\\"\\u007f\\n☃"], day = 2026-08-01, at = 12:00:00}
"""
    path.write_text(f"version = 1\n{more}\n{ENTRY}{more}", "utf-8")
    before = tomllib.loads(path.read_text("utf-8"))
    path.write_text(lock_text(read_lock(path)), "utf-8")
    assert tomllib.loads(path.read_text("utf-8")) == before
    assert read_lock(path).pins["guard"].version == Version("1.0.0")


@pytest.mark.parametrize(
    ("reference", "admitted"),
    [
        ("guard", True),
        ("guard@1.2.0", True),
        ("guard@^1.0", True),
        (f"guard@{DIGEST}", True),
        ("guard@1.2.1", False),
        ("guard@^2", False),
        ("guard@sha256:" + "b" * 64, False),
        ("limits", False),
    ],
)
def test_which_references_a_pin_answers(reference: str, admitted: bool) -> None:
    """A pin stands for its name, its version, a range around it and its digest, for nothing else."""
    assert Pin("guard", Version("1.2.0"), DIGEST).admits(Reference.parse(reference)) is admitted


def test_the_nearest_lock_counts(tmp_path: Path) -> None:
    """The lock is searched from the working directory upwards."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_lock(inner) is None
    (tmp_path / "a" / "packreg.lock").write_text("version = 1\n")
    assert find_lock(inner) == tmp_path / "a" / "packreg.lock"


def test_what_a_lock_pins_is_asked_for_by_reference(tmp_path: Path) -> None:
    """All pins without a reference, else those that are meant; what is not pinned so is refused."""
    with pytest.raises(UsageError, match=r"no packreg\.lock here or above"):
        pins_of(tmp_path, [])
    pins = {name: Pin(name, Version("1.2.0"), DIGEST) for name in ("guard", "limits")}
    (tmp_path / "packreg.lock").write_text(lock_text(Lockfile(pins)), "utf-8")
    inner = tmp_path / "a"
    inner.mkdir()
    assert pins_of(inner, []) == list(pins.values())
    assert pins_of(inner, [Reference.parse("limits@^1")]) == [pins["limits"]]
    for text, complaint in (("other", "does not pin other"), ("guard@2.0.0", r"pins guard to 1\.2\.0")):
        with pytest.raises(UsageError, match=complaint) as caught:
            pins_of(inner, [Reference.parse(text)])
        assert f"packreg lock {text}" in caught.value.hint
