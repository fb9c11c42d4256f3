"""A message is one line of JSON, whatever is in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import UsageError
from packreg.services.log import log_line, wants_json_log
from packreg.text import without_credentials


@given(st.text(), st.text())
def test_a_message_is_one_line_that_reads_back(text: str, hint: str) -> None:
    """In ASCII, without control characters or workflow commands."""
    line = log_line("2026-06-01T10:00:00.000000Z", "info", text, hint=hint)
    assert line.isascii()
    assert line.isprintable()
    assert "##[" not in line
    found = json.loads(line)
    assert (found["message"], found.get("hint", "")) == tuple(map(without_credentials, (text, hint)))


def test_fields_stand_beside_the_message() -> None:
    """Empty ones are left out; zero and false are not empty."""
    found = json.loads(
        log_line("t", "debug", "m", event="requests", hint="", problems=[], number=0, ok=False)
    )
    assert found == {
        "time": "t",
        "level": "debug",
        "message": "m",
        "event": "requests",
        "number": 0,
        "ok": False,
    }


def test_the_environment_chooses_the_format() -> None:
    """Text, unless it says json; what is neither is a mistake."""
    assert not wants_json_log({})
    assert not wants_json_log({"PACKREG_LOG_FORMAT": "text"})
    assert wants_json_log({"PACKREG_LOG_FORMAT": "json"})
    with pytest.raises(UsageError, match="'xml'"):
        wants_json_log({"PACKREG_LOG_FORMAT": "xml"})


def test_credentials_of_urls_are_left_out() -> None:
    """Wherever they stand."""
    url = "postgres://ada:hunter2@db.example.org/pulumi"
    line = log_line("t", "error", f"no {url}", hint=url, problems=[{"message": url, "where": url}])
    assert "hunter2" not in line
    assert json.loads(line)["hint"] == "postgres://…@db.example.org/pulumi"
    assert (
        without_credentials("mail ada@example.org, /a//b @c, //x/y@z")
        == "mail ada@example.org, /a//b @c, //x/y@z"
    )
