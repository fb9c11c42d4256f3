"""Where readers of YAML disagree, ours is on the side of yaml.v3, or refuses."""

from __future__ import annotations

import pytest
from yaml import MarkedYAMLError, ScalarEvent

from packreg.pack.yaml_events import MAX_DEPTH, Refused, StrictEvents


def scalars(text: str) -> list[str]:
    """The scalars of a text, in order."""
    events = StrictEvents(text)
    found = []
    while events.check_event():  # type: ignore[no-untyped-call]
        event = events.get_event()  # type: ignore[no-untyped-call]
        if isinstance(event, ScalarEvent):
            found.append(event.value)
    return found


@pytest.mark.parametrize("text", ["a:\tb", "a: b\t# c", "{a:\tb}", "{\ta: b}", "[\n\ta,\n\tb]", "a: b\t"])
def test_tabs_separate(text: str) -> None:
    """Between tokens a tab is white space, as in yaml.v3, also where PyYAML refuses it."""
    assert scalars(text) == ["a", "b"]


@pytest.mark.parametrize("text", ["a:\n\tb: c", "\ta: b", "- a\n\t- b", "a: |\n\tb", "a: |\n  b\n\tc"])
def test_tabs_never_indent(text: str) -> None:
    """A tab where indentation is expected is refused."""
    with pytest.raises(MarkedYAMLError):
        scalars(text)


@pytest.mark.parametrize("text", ["{a:[]}", "{a:{}}", "{a:,b: c}", "[a:[]]"])
def test_a_colon_that_readers_give_to_different_tokens_is_refused(text: str) -> None:
    """In `{a:[]}` the colon is part of the text for PyYAML and of the key for yaml.v3."""
    with pytest.raises(MarkedYAMLError, match="needs a space"):
        scalars(text)


def test_a_colon_that_is_clear_is_taken() -> None:
    """Behind a quoted key, and with a space."""
    assert scalars('{"a":[b], c: d}') == ["a", "b", "c", "d"]


def test_only_the_two_directives_exist() -> None:
    """`%YAML` is read; any other directive, which yaml.v3 refuses, is refused."""
    assert scalars("%YAML 1.1\n---\na") == ["a"]
    with pytest.raises(MarkedYAMLError, match="no such directive"):
        scalars("%PACK 1\n---\na")


@pytest.mark.parametrize("text", ["? a\n: b", "? [a]\n: b", "{? a : b}"])
def test_keys_that_could_be_collections_are_refused_with_their_place(text: str) -> None:
    """The form that lets a list be a key ends the reading."""
    with pytest.raises(Refused) as caught:
        scalars(text)
    assert (caught.value.code, caught.value.position) == ("complex-key", f"1:{text.index('?') + 1}")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_depth_is_bounded_while_scanning(opening: str, closing: str) -> None:
    """One level too many is refused, and a million cost no more."""
    assert scalars(opening * MAX_DEPTH + "x" + closing * MAX_DEPTH)[-1] == "x"
    for levels in (MAX_DEPTH + 1, 1_000_000):
        with pytest.raises(Refused) as caught:
            scalars(opening * levels)
        assert caught.value.code == "too-deep"


def test_lines_that_are_no_deeper_open_nothing() -> None:
    """At the deepest level that is accepted there may be many lines; one that goes deeper is refused."""
    deepest = "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH))
    line = f"{' ' * (MAX_DEPTH - 1)}b: 1\n"
    assert scalars(deepest + line * 50)[-1] == "1"
    with pytest.raises(Refused, match="nests deeper"):
        scalars(f"{deepest}{' ' * MAX_DEPTH}c: 1\n")
