"""Known secrets are replaced wherever and however they are written, and what is marked is known."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.protocol.struct import encode_struct
from packreg.analyzer.redaction import HIDDEN, SHORTEST, Redactor, may_hold_secrets, secret_texts
from packreg.text import one_line

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def test_the_texts_inside_secrets_are_found_however_deep_they_are() -> None:
    """Texts and numbers of a secret object are secrets; what stands beside it is not."""
    value = {
        "plain": "shown",
        "list": [{"inner": {**SECRET, "value": "hunter2hunter2"}}, 80.0],
        "object": {**SECRET, "value": {"user": "ada.lovelace", "pins": [123456.0, 0.5], "on": True}},
    }
    assert sorted(secret_texts(value)) == ["0.5", "123456", "ada.lovelace", "hunter2hunter2"]
    assert Redactor(secret_texts(value)).text("hunter2hunter2 is shown") == "[secret] is shown"


def test_a_request_without_secrets_need_not_be_read() -> None:
    """An encoded request says without being decoded whether it can hold a secret."""
    assert may_hold_secrets(encode_struct({"password": {**SECRET, "value": "x"}}))
    assert not may_hold_secrets(encode_struct({"password": "x"}))


def test_known_secrets_are_replaced_in_texts() -> None:
    """A known secret of the shortest length and more is replaced, the longest first; shorter ones stay."""
    redactor = Redactor(["hunter2", "hunter2-and-more", "prod", "x" * SHORTEST, "multi-line 1\nmulti-line 2"])
    text = f"hunter2-and-more hunter2 prod {'x' * SHORTEST} of multi-line 2"
    assert redactor.text(text) == f"{HIDDEN} {HIDDEN} prod {HIDDEN} of {HIDDEN}"


def test_secret_values_are_replaced_in_properties() -> None:
    """What is marked as a secret is replaced whatever its length, and so are known secrets elsewhere."""
    value = {"marked": {**SECRET, "value": "hunter2"}, "plain": ["my hunter2", 1.0, None], "hunter2": True}
    redacted = {"marked": HIDDEN, "plain": [f"my {HIDDEN}", 1.0, None], HIDDEN: True}
    assert Redactor(["hunter2"]).value(value) == redacted
    assert Redactor([]).value({"marked": {**SECRET, "value": "hunter2"}}) == {"marked": HIDDEN}
    assert Redactor(["123456"]).value([123456.0, 123457.0, True]) == [HIDDEN, 123457.0, True]


KEY = '-----BEGIN KEY-----\nMIIE\tpAIB"AAK\\CAQ\né-line\n-----END KEY-----\n'


@pytest.mark.parametrize(
    "write", [str, repr, json.dumps, lambda s: json.dumps(s, ensure_ascii=False), one_line]
)
def test_a_secret_is_known_however_it_is_written(write: object) -> None:
    """As it is, as a program or JSON has it, and in one line."""
    shown = Redactor([KEY]).text(f"it is {write(KEY)}, is it not")  # type: ignore[operator]
    assert HIDDEN in shown and shown.startswith("it is ") and shown.endswith(", is it not")
    assert not any(part in shown for part in ("BEGIN", "MIIE", "CAQ", "line", "END"))


@given(st.integers(1, 40))
def test_a_secret_that_a_text_was_cut_in_is_hidden(limit: int) -> None:
    """Wherever `one_line` cuts, at most two characters of it are left to see."""
    shown = Redactor(["hunter2-and-more", "hunted"]).text(
        one_line("is hunter2-and-more, and more than that", limit)
    )
    assert "hun" not in shown and "more-" not in shown
    assert Redactor(["other-secret"]).text(one_line("x" * 50, limit)) == one_line("x" * 50, limit)


@given(st.sets(st.text("abc", min_size=SHORTEST, max_size=9), max_size=40), st.text("abcd", max_size=30))
def test_many_secrets_are_found_as_each_alone_is(secrets: set[str], text: str) -> None:
    """Nothing that is left holds any of them, and a text that holds none is left alone."""
    shown = Redactor(secrets).text(text)
    assert not any(secret in shown.replace(HIDDEN, "|") for secret in secrets)
    if not any(secret in text for secret in secrets):
        assert shown == text
