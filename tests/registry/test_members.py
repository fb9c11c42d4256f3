"""Reading objects of the registry member by member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from packreg.errors import IntegrityError, UsageError
from packreg.pack.version import Version
from packreg.registry.members import Members

KEY = "packs/guard/v/1.0.0"
WHOLE = b"""{"format": 1, "text": "a", "number": 5, "yes": true, "list": ["a\\nb"], "mixed": ["a", 1],
 "version": "1.0.0", "lines": "a\\r\\nb", "inner": {"deep": [{"size": -1}]}, "none": null}"""


@pytest.fixture
def members() -> Members:
    """An object with a member of each kind."""
    return Members.read(WHOLE, KEY, 1000)


def test_what_is_right_is_read(members: Members) -> None:
    """Each kind of member as a value, texts made printable."""
    assert (members.text("text"), members.number("number", 5)) == ("a", 5)
    assert (members.texts("list"), members.lines("lines")) == (("a b",), "a\nb")
    assert members.parsed("version", Version) == Version("1.0.0")
    assert members.matching("version", str.isascii) == "1.0.0"
    assert members.exact_texts("list") == ("a\nb",)
    assert members.needs == frozenset()
    assert members.optional("none", repr) is members.optional("absent", repr) is None
    assert members.optional("inner", lambda inner: inner.list_of("deep")[0].values) == {"size": -1}


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: m.text("absent"), "absent: it is missing"),
        (lambda m: m.text("none"), "none: it is missing"),
        (lambda m: m.text("number"), "number: it is not a str"),
        (lambda m: m.number("yes"), "yes: it is not a int"),
        (lambda m: m.number("number", 4), "number: it is not between 0 and 4"),
        (lambda m: m.texts("mixed"), "mixed: it is not a list of texts"),
        (lambda m: m.exact_texts("mixed"), "mixed: it is not a list of texts"),
        (lambda m: m.optional("text", repr), "text: it is not a dict"),
        (lambda m: m.list_of("list"), "list: it is not a list of objects"),
        (lambda m: m.matching("text", str.isdigit), "text: 'a' has not the right form"),
        (lambda m: m.parsed("text", Version), "text: "),
        (
            lambda m: m.members("inner").list_of("deep")[0].number("size"),
            r"inner\.deep\[0\]\.size: ",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    members: Members, ask: Callable[[Members], Any], said: str
) -> None:
    """The error has the object's key, the path of the member and the problem, which is also there alone."""
    with pytest.raises(IntegrityError, match=f"^{KEY} cannot be trusted: {said}") as caught:
        ask(members)
    assert str(caught.value).endswith(caught.value.problem)
    assert "packreg verify" in caught.value.hint


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"format": 1} x', b'{"format": 1, "format": 1}', b"\xff"]
)
def test_only_a_json_object_is_read(data: bytes) -> None:
    """Everything else is an integrity error with the key."""
    with pytest.raises(IntegrityError, match=KEY):
        Members.read(data, KEY, 1000)


def test_the_limit_may_be_reached() -> None:
    """So many bytes are read, and one more is refused."""
    Members.read(WHOLE, KEY, len(WHOLE))
    with pytest.raises(IntegrityError, match="cannot be read"):
        Members.read(WHOLE, KEY, len(WHOLE) - 1)


def test_what_is_not_known_is_kept_as_it_is() -> None:
    """An edit carries on what a newer packreg wrote; `format` at the top alone is the writer's."""
    found = Members.read(b'{"format": 1, "a": 1, "new": [1], "in": {"a": 1, "format": 2}}', KEY, 1000)
    assert found.unknown("a", "in") == {"new": [1]}
    assert found.members("in").unknown("a") == {"format": 2}


def test_a_parsers_other_errors_pass() -> None:
    """Only a `UsageError` is a complaint about the object; a defect stays one."""

    def defect(text: str) -> None:
        raise KeyError(text)

    with pytest.raises(KeyError):
        Members("key", {"a": "x"}).parsed("a", defect)

    def refuses(text: str) -> None:
        raise UsageError(f"no {text}")

    with pytest.raises(IntegrityError, match="a: no x"):
        Members("key", {"a": "x"}).parsed("a", refuses)
