"""Reading a configuration file that anybody may have written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InvalidConfiguration
from packreg.groups.config_file import MAX_FILE, Setting, read_layer


def refused(data: bytes) -> list[str]:
    """What is said of a file that is refused."""
    with pytest.raises(InvalidConfiguration) as error:
        read_layer(data, "policies.json")
    return [str(problem) for problem in error.value.problems]


def test_both_forms_and_environments_are_read() -> None:
    """A level alone, a level with flat properties, and names of environments, which are no policy."""
    layer = read_layer(
        b'{"a": "mandatory", "b": {"enforcementLevel": "disabled", "x": 1}, "environments": ["acme/e"]}', "f"
    )
    assert layer.settings == {"a": Setting("mandatory"), "b": Setting("disabled", {"x": 1.0})}
    assert layer.environments == ("acme/e",)


@pytest.mark.parametrize("text", [b"", b" \n", b"null", b"{}", b"\xef\xbb\xbf{}", b'{"a": {}}'])
def test_nothing_is_an_empty_layer(text: bytes) -> None:
    """An empty file, null and empty settings say nothing; a byte order mark does no harm."""
    assert read_layer(text, "f").settings == {}


def test_keys_given_twice_are_said_with_their_place() -> None:
    """JSON keeps the last one in silence; which one was meant, only the author knows."""
    layer = read_layer(b'{"a": {"x": [{"y": 1, "y": 2}]}, "b": "advisory", "b": "disabled"}', "f")
    assert [str(warning) for warning in layer.warnings] == [
        "f: a.x[0].y: is given twice; the last one counts [config-duplicate-key]",
        "f: b: is given twice; the last one counts [config-duplicate-key]",
    ]
    assert layer.settings["b"].level == "disabled"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a":', "policies.json:1:6: is not JSON"),
        (b'{"a": NaN}', "NaN is not a number in JSON"),
        (b'{"a": {"x": 1e999}}', "the number 1e999 is too large"),
        (b'{"a": {"x": ' + b"9" * 400 + b"}}", "is too large"),
        (b'{"a": {"x": "\\ud800"}}', "a.x: has half of a surrogate pair"),
        (b'{"\\ud800": "advisory"}', "has half of a surrogate pair"),
        (b"\xff\xfe{\x00", "is not JSON"),
        (b"[" * 200_000, "nested deeper"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b'{"a": ' + b'{"x": ' * 70 + b"1" + b"}" * 71, "nested deeper"),
        (b" " * (MAX_FILE + 1), "bytes"),
        (b'"mandatory"', "must be an object with a member for each policy"),
        (b'{"environments": "x"}', "environments: must be a list of names"),
        (b'{"environments": null}', "environments: must be a list of names"),
        (b'{"a": "Mandatory"}', 'must be one of "advisory", "disabled", "mandatory", "remediate"'),
        (b'{"a": {"enforcementLevel": 1}}', "a: the enforcement level must be one of"),
        (b'{"a": [1]}', "a: must be a level"),
    ],
)
def test_what_is_wrong_is_said_and_what_is_allowed(data: bytes, said: str) -> None:
    """A file that cannot be used is refused with its name, the policy and what may stand there."""
    lines = refused(data)
    assert any(said in line for line in lines), lines
    assert all(line.startswith("policies.json") for line in lines)


def test_names_cannot_forge_lines_of_output() -> None:
    """Control characters in a policy's name do not reach a terminal as such."""
    (line,) = refused(b'{"a\\u001b[31m\\nok": 1}')
    assert "\x1b" not in line
    assert "\n" not in line


@given(st.binary(max_size=60) | st.text('{}[]",:0eE-.null \\u', max_size=60).map(str.encode))
def test_any_bytes_are_a_layer_or_refused(data: bytes) -> None:
    """Nothing else comes out of a file, whatever is in it."""
    try:
        read_layer(data, "f")
    except InvalidConfiguration as error:
        assert error.problems
