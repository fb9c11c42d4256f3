"""Opening environments: what a pack gets, and what cannot be given to it."""

from __future__ import annotations

import base64

import pytest

from packreg.errors import InvalidConfiguration
from tests.environments.definitions import opened


def test_variables_and_files_are_texts() -> None:
    """Numbers and booleans are written out, binary data reaches files byte for byte."""
    binary = bytes(range(256))
    found = opened(
        "values:\n  environmentVariables: {A: 5, B: true, C: null, D: {fn::secret: hunter2hunter2}}\n"
        f"  files: {{KEY: text, BLOB: {{fn::fromBase64: {base64.b64encode(binary).decode()}}}}}\n"
    )
    assert found.variables == {"A": "5", "B": "true", "C": "", "D": "hunter2hunter2"}
    assert found.files == {"KEY": b"text", "BLOB": binary}
    assert found.secrets == {"hunter2hunter2"}
    assert found.shown["environmentVariables"] == {"A": 5, "B": True, "C": None, "D": "[secret]"}


def test_everything_secret_is_known_to_be() -> None:
    """What was decrypted, and what was made of it, is among the secrets to keep out of what is said."""
    found = opened(
        "values:\n  s: {fn::secret: hunter2hunter2}\n  e: {fn::toBase64: '${s}'}\n"
        '  j: {fn::fromJSON: {fn::secret: \'{"n": 123456, "t": "inner-text"}\'}}\n'
    )
    assert found.secrets == {
        "hunter2hunter2",
        base64.b64encode(b"hunter2hunter2").decode(),
        '{"n": 123456, "t": "inner-text"}',
        "123456",
        "inner-text",
    }


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("{environmentVariables: [A]}", "environmentVariables must be an object, not a list"),
        ("{environmentVariables: {A: [1]}}", "environmentVariables.A must be a text, not a list"),
        ("{environmentVariables: {'A=B': x}}", "'A=B' cannot be the name of a variable"),
        ("{environmentVariables: {'': x}}", "'' cannot be the name of a variable"),
        ("{environmentVariables: {A: {fn::fromBase64: /w==}}}", "environmentVariables.A holds binary data"),
        ("{environmentVariables: {A: {fn::fromBase64: AA==}}}", "environmentVariables.A holds a zero byte"),
        ("{files: {A: {b: c}}}", "files.A must be a text, not an object"),
        ("{files: {A: x}, environmentVariables: {A: y}}", "A is a variable and a file"),
        ("{policyConfig: advisory}", "policyConfig must be an object, not a string"),
    ],
)
def test_what_cannot_be_given_to_a_process_is_refused(values: str, said: str) -> None:
    """Every such thing is named, where ESC passes it over."""
    with pytest.raises(InvalidConfiguration) as raised:
        opened(f"values: {values}")
    assert said in str(raised.value)
