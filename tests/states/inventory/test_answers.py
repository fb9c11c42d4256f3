"""What an API's answers may be, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from packreg.errors import StoreRefused, StoreUnavailable
from packreg.states.inventory.answers import ApiRefusal, json_answer, members, not_read, pages


def answering(*replies: tuple[int, bytes] | ApiRefusal) -> dict[str, Any]:
    """The answer of an API that gives these replies, one for each request."""
    left = list(replies)

    def exchange() -> tuple[int, bytes]:
        reply = left.pop(0)
        if isinstance(reply, ApiRefusal):
            raise reply
        return reply

    return json_answer(exchange)


def test_a_lost_answer_is_asked_for_again() -> None:
    """Two lost answers are none; a third is the reason why there is none."""
    lost, cut = ApiRefusal(0, "reset"), (200, b'{"a": [')
    assert answering(lost, cut, (200, b'{"a": 1}')) == {"a": 1}
    with pytest.raises(ApiRefusal, match="cut short"):
        answering(lost, lost, cut)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"code": "AuthorizationFailed", "message": "no"}}, "403 AuthorizationFailed: no"),
        (
            {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}},
            "403 PERMISSION_DENIED: no",
        ),
        ({"status": "Failure", "reason": "Forbidden", "message": "no"}, "403 Failure: Forbidden: no"),
        ({"error": "invalid_grant"}, "403 invalid_grant"),
        ({"error": ["odd"]}, "403 ['odd']"),
        (["odd"], "403"),
        ("odd\x1b[31m", "403 "),
    ],
)
def test_an_error_is_said_in_its_own_words(body: object, words: str) -> None:
    """Each cloud's form of an error is one line, and none is asked for again."""
    with pytest.raises(ApiRefusal) as refused:
        answering((403, json.dumps(body).encode()))
    assert refused.value.reason.startswith(words.strip()) and "\x1b" not in refused.value.reason


def test_a_refusal_says_who_must_act() -> None:
    """What is forbidden is refused, with the hint; what throttles or is lost may work later."""
    for status in (401, 403, 404):
        assert isinstance(ApiRefusal(status, "no").error("it", "do that"), StoreRefused)
    assert ApiRefusal(403, "no").error("it", "do that").hint == "do that"
    for status in (0, 302, 429, 500):
        assert isinstance(ApiRefusal(status, "no").error("it", "do that"), StoreUnavailable)


def test_pages_come_to_an_end() -> None:
    """Each token is followed once; what is no token is no end of the list."""
    held = {"": {"next": "b"}, "b": {"next": "c"}, "c": {}}
    assert list(pages(lambda token: held[token], lambda page: page.get("next"))) == list(held.values())
    for bad in ("b", "", 7, ["b"]):
        circle = {"": {"next": "b"}, "b": {"next": bad or 7}}
        with pytest.raises(ApiRefusal, match="lead back"):
            list(pages(lambda token, held=circle: held[token], lambda page: page.get("next")))  # type: ignore[misc]


def test_a_list_of_something_else_is_no_list() -> None:
    """A member that is missing is empty; one of another form is an error."""
    assert members({}, "items") == [] and members({"items": [{}]}, "items") == [{}]
    for bad in ({}, "", 0, [1], [None]):
        with pytest.raises(ApiRefusal, match="items"):
            members({"items": bad}, "items")


def test_a_gap_is_said_on_one_line() -> None:
    """Foreign names and reasons have a limit and no escape codes."""
    problem = not_read("kind\n" * 100, "here", "\x1b[31mno" * 400, "do that")
    assert problem.message.isprintable() and len(problem.message) < 700
    assert (problem.code, problem.where, problem.hint) == ("not-read", "here", "do that")
