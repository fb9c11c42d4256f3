"""Names that were seen in a registry, for shell completion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packreg.groups.model import Entity, Governance, Group, Waiver
from packreg.install.home import Home
from packreg.install.trust import Key
from packreg.services.seen_words import SeenWords


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a key of its own."""
    return Home(tmp_path / "home", Key(str(tmp_path / "a"), str(tmp_path / "home")))


def test_names_are_kept_for_each_registry(home: Home) -> None:
    """What one process noted another one reads, of the same registry only; what is gone is gone."""
    words = SeenWords(home, "one")
    group = Group("prod", "preventative", frozenset({"stack"}), ("shop/prod", "*/dev"), ("aws-1",))
    waiver = Waiver("w-1", "guard", "private", "shop/prod", "ada", "why", "2027-01-01T00:00:00Z", "…")
    words.governance(Governance(3, {"prod": group}, {"w-1": waiver}))
    words.entities([Entity("stack", "organization/web/prod"), Entity("stack", "acme/web/prod")])
    words.keep()
    again = SeenWords(home, "one")
    assert again.of("group") == ["prod"]
    assert again.of("stack") == ["acme/web/prod", "shop/prod", "web/prod"]
    assert (again.of("account"), again.of("policy")) == (["aws-1"], ["guard:private"])
    assert SeenWords(home, "other").of("group") == []
    again.replace("group", ["dev"])
    again.add("stack", ["a/b"])
    again.keep()
    last = SeenWords(home, "one")
    assert (last.of("group"), len(last.of("stack"))) == (["dev"], 4)


@pytest.mark.parametrize(
    "name", ["$(id)", "a;b", "a b", "a\nplain,b", "-rf", "*", "a'b", "x" * 300, "é", "", "`id`"]
)
def test_what_a_shell_obeys_is_no_name(home: Home, name: str) -> None:
    """A name from a registry that would do something in a command line is noted by nobody, and not read."""
    words = SeenWords(home, "one")
    words.add("stack", [name, "fine"])
    assert words.of("stack") == ["fine"]
    home.keep(home.root / "words" / "two.json", json.dumps({"stack": [name, "fine", 3], "x": 1}).encode())
    assert SeenWords(home, "two").of("stack") == ["fine"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"stack": {}}', b"\xff"])
def test_a_damaged_file_has_no_names(home: Home, data: bytes) -> None:
    """Whatever is in the file, completion finds nothing and the next command writes it anew."""
    home.keep(home.root / "words" / "one.json", data)
    words = SeenWords(home, "one")
    assert words.of("stack") == []
    words.add("stack", ["a/b"])
    words.keep()
    assert SeenWords(home, "one").of("stack") == ["a/b"]


def test_the_file_of_another_user_counts_for_nothing(home: Home) -> None:
    """Only what was marked with this user's key is read, and no more than 2,000 names of a kind are kept."""
    words = SeenWords(home, "one")
    words.add("stack", (f"shop/s{number}" for number in range(2_500)))
    words.keep()
    assert len(SeenWords(home, "one").of("stack")) == 2_000
    assert (
        SeenWords(Home(home.root, Key(str(home.root.parent / "b"), str(home.root))), "one").of("stack") == []
    )
