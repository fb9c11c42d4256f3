"""Reading a configuration file that anybody may have written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.configuration.file import MAX_FILE, Setting, as_layer, read_layer
from packreg.errors import InvalidConfiguration


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


def test_a_file_of_version_2_says_the_same_in_members_of_its_own() -> None:
    """Policies stand in `policies`, and a policy may be called `version`; nothing else about them differs."""
    flat = read_layer(b'{"all": "advisory", "b": {"x": 1}, "environments": ["acme/e"]}', "f")
    nested = b'{"version": 2, "policies": {"all": "advisory", "b": {"x": 1}}, "environments": ["acme/e"]}'
    assert read_layer(nested, "f") == flat
    assert read_layer(b'{"version": "mandatory"}', "f").settings == {"version": Setting("mandatory")}
    for empty in (b'{"version": 2.0}', b'{"version":2,"policies":null,"environments":null,"exceptions":{}}'):
        assert read_layer(empty, "f") == read_layer(b"", "f")
    inner = b'{"version": 2, "policies": {"version": "advisory", "exceptions": {"x": 1}}}'
    assert set(read_layer(inner, "f").settings) == {"version", "exceptions"}
    assert as_layer({"version": 2, "policies": {"a": "disabled"}}, "group.yaml").settings == {
        "a": Setting("disabled")
    }


def test_exceptions_are_refused_and_waivers_named() -> None:
    """Who writes a configuration passes no policy: the error says what the way to a pass is."""
    exception = b'{"EXC-1": {"reason": "no", "match": [{"policies": ["a"], "targets": ["urn:x"]}]}}'
    with pytest.raises(InvalidConfiguration) as error:
        read_layer(b'{"version": 2, "policies": {}, "exceptions": ' + exception + b"}", "policies.json")
    assert "policies.json: exceptions are not accepted here [config-exceptions]" in str(error.value)
    assert "packreg waiver add" in error.value.hint
    assert "must be written exceptions" in refused(b'{"version": 2, "Exceptions": ' + exception + b"}")[0]


def test_what_means_nothing_in_version_2_is_said() -> None:
    """A policy outside `policies` is a mistake that the Pulumi CLI passes over in silence."""
    layer = read_layer(b'{"version": 2, "a": "mandatory"}', "f")
    assert [str(each) for each in layer.warnings] == [
        'f: "a" has no meaning in a file of version 2 [config-unknown-member]'
    ]
    assert layer.settings == {}


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
        (b'"mandatory"', "must be an object with a key for each policy"),
        (b'{"environments": "x"}', "environments: must be a list of names"),
        (b'{"environments": null}', "environments: must be a list of names"),
        (b'{"a": "Mandatory"}', 'must be one of "advisory", "disabled", "mandatory", "remediate"'),
        (b'{"a": {"enforcementLevel": 1}}', "a: the enforcement level must be one of"),
        (b'{"a": [1]}', "a: must be a level"),
        (b'{"version": 3, "policies": {}}', "has version 3, not 2"),
        (b'{"version": 1}', "has version 1, not 2"),
        (b'{"version": 2.5}', "has version 2.5, not 2"),
        (b'{"version": true}', "version: must be a level"),
        (b'{"version": 2, "policies": []}', "policies: must be an object"),
        (b'{"version": 2, "policies": {"a": 1}}', "a: must be a level"),
        (b'{"version": 2, "policies": {"environments": "mandatory"}}', "cannot be the name of a policy"),
        (b'{"version": 2, "environments": {}}', "environments: must be a list of names"),
        (b'{"version": 2, "exceptions": []}', "exceptions are not accepted here"),
        (b'{"version": 2, "ve\xc5\xbfion": 1, "policie\xc5\xbf": {}}', "must be written policies"),
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
