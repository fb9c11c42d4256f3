"""What may stand in a packreg.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.errors import UsageError
from packreg.settings.file import KEYS, OPERATORS, parse_file
from tests.settings.test_load import load, write


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ('regisrty = "/x"', "there is no setting regisrty", "did you mean registry?"),
        ('[registry]\nulr = "/x"', "there is no setting registry.ulr", "did you mean registry.url?"),
        ("[limits]\nzzz = 1", "there is no setting limits.zzz", "the keys are limits.manifest"),
        ("[limits]\nmembers = true", "limits.members must be a whole number", ""),
        ("[limits]\nmembers = 0", "limits.members cannot be 0", "give a value"),
        ("[registry]\ninstance_role = 1", "registry.instance_role must be true or false", ""),
        ('registry = ""', "registry.url cannot be ''", "give a value"),
        ("install = 3", "install must be a table", "write [install]"),
        ('[registry]\nregion = "x"', "registry.region is set without registry.url", "write the url"),
        ('[registry]\nurl = "/x"\nregion = "x"', "registry.region is only for buckets", ""),
        ("registry = ", "is not TOML", ""),
        (
            '[analysis]\nmemory = "2 GB"',
            "analysis.memory: '2 GB' is not an amount of memory or of storage",
            "write a whole",
        ),
        ('[analysis]\nmemory = "0MiB"', "analysis.memory: '0MiB' is not an amount", "write a whole"),
        ("[analysis]\nmemory = 2", "analysis.memory must be a string", ""),
        ("[analysis]\ncall_seconds = 0", "analysis.call_seconds cannot be 0", "give a value"),
        ("[analysis]\ncall_seconds = 1.5", "analysis.call_seconds must be a whole number", ""),
        ("[analysis]\npacks = 1", "analysis.packs must hold tables", "write [analysis.packs.NAME]"),
        ("[analysis.packs]\nguard = 1", "analysis.packs must hold tables", "write [analysis.packs.NAME]"),
        (
            '[analysis.packs.guard]\nmemry = "1GiB"',
            "there is no setting analysis.packs.guard.memry",
            "did you mean analysis.packs.guard.memory?",
        ),
        (
            '[analysis.packs.guard]\nmemory = "x"',
            "analysis.packs.guard.memory: 'x' is not an amount",
            "write a",
        ),
        ("a = " + "[" * 5000, "is not TOML", ""),
        ("# " + "x" * 70_000, "has more than 65536 bytes", "it is not a configuration file"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(
    work: Path, home: Path, text: str, complaint: str, hint: str
) -> None:
    """A misspelt key, a wrong type or broken TOML is an error that names the file and the fix."""
    path = write(work, text)
    with pytest.raises(UsageError) as caught:
        load(work, home)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.hint.startswith(hint)


def test_a_file_that_is_not_text_is_refused(work: Path, home: Path) -> None:
    """Bytes that are not UTF-8 are an error, not a traceback."""
    (work / "packreg.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not TOML"):
        load(work, home)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_file_makes_anything_but_settings_or_a_usage_error(text: str) -> None:
    """Whatever is in a packreg.toml, the outcome is settings of known keys or a UsageError."""
    try:
        found = parse_file(text.encode("utf-8", "surrogatepass"), "/x/packreg.toml", {**KEYS, **OPERATORS})
    except UsageError:
        return
    assert found.keys() <= KEYS.keys() | OPERATORS.keys()


def test_all_that_is_wrong_is_told_at_once() -> None:
    """One wrong key does not hide the others."""
    text = b'[registry]\nulr = "x"\nanswer_seconds = "a"\n[nope]\na = 1\n[backends]\nA_B = "x"\n'
    with pytest.raises(UsageError) as wrong:
        parse_file(text, "p.toml", KEYS)
    first, *others = str(wrong.value).splitlines()
    assert (first, wrong.value.hint) == (
        "p.toml: there is no setting registry.ulr",
        "did you mean registry.url?",
    )
    assert len(others) == 3
    assert others[1].startswith("p.toml: there is no setting nope: the keys are ")
