"""What is marked as a secret on the wire is known, and nothing else is."""

from __future__ import annotations

from packreg.analysis.protocol.struct import encode_struct
from packreg.analysis.redaction import Redactor, may_hold_secrets, secret_texts

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
