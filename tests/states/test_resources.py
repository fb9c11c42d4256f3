"""Lists of resources as JSON Lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from packreg.errors import InvalidState
from packreg.states.resources import read_resources
from tests.states.recordings import requests_of


def lines(*objects: Any) -> bytes:
    """JSON Lines of these objects."""
    return b"\n".join(json.dumps(item).encode() for item in objects)


def test_a_resource_needs_a_type_a_name_and_its_properties() -> None:
    """Both kinds of policies see the properties, and the URN says where the resource is from."""
    data = lines({"type": "aws:s3/bucket:Bucket", "name": "logs", "properties": {"acl": "private", "__x": 1}})
    urn = "urn:pulumi:prod::account-1::aws:s3/bucket:Bucket::logs"
    common = {"urn": urn, "type": "aws:s3/bucket:Bucket", "name": "logs", "options": {"customTimeouts": {}}}
    assert requests_of(read_resources(data, "r.jsonl", stack="prod", project="account-1")) == [
        ("Remediate", {**common, "properties": {"acl": "private", "__x": 1.0}}),
        ("Analyze", {**common, "properties": {"acl": "private"}}),
        ("AnalyzeStack", {"resources": [{**common, "properties": {"acl": "private"}}]}),
    ]


def test_everything_else_can_be_said_too() -> None:
    """A URN of its own, outputs, options and links, as in a state."""
    provider = {
        "type": "pulumi:providers:aws",
        "urn": "urn:pulumi:s::p::pulumi:providers:aws::eu",
        "properties": {"region": "eu-west-1"},
    }
    bucket = {
        "type": "aws:s3/bucket:Bucket",
        "urn": "urn:pulumi:s::p::aws:s3/bucket:Bucket::b",
        "properties": {"in": 1},
        "outputs": {"out": 2},
        "parent": "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s",
        "dependencies": [provider["urn"]],
        "propertyDependencies": {"in": [provider["urn"]], "x": []},
        "provider": f"{provider['urn']}::id",
        "protect": True,
        "ignoreChanges": ["x"],
        "additionalSecretOutputs": ["s"],
        "aliases": ["urn:pulumi:s::p::t::old"],
        "customTimeouts": {"create": 60, "delete": 0},
        "deleteBeforeReplace": False,
    }
    _, request = requests_of(read_resources(lines(provider, bucket), "r.jsonl"))[-1]
    seen = request["resources"][1]
    assert seen["properties"] == {"out": 2.0}
    assert seen["provider"]["properties"] == {"region": "eu-west-1"}
    assert seen["parent"] == bucket["parent"]
    assert seen["dependencies"] == [provider["urn"]]
    assert seen["propertyDependencies"] == {"in": {"urns": [provider["urn"]]}}
    assert seen["options"] == {
        "protect": True,
        "ignoreChanges": ["x"],
        "additionalSecretOutputs": ["s"],
        "aliases": ["urn:pulumi:s::p::t::old"],
        "parent": bucket["parent"],
        "deleteBeforeReplaceDefined": True,
        "customTimeouts": {"create": 60.0},
    }


def test_blank_lines_and_a_byte_order_mark_do_no_harm() -> None:
    """Windows line ends neither."""
    data = b'\xef\xbb\xbf\r\n{"type": "t", "name": "a"}\r\n\n{"type": "t", "name": "b"}'
    assert [resource.name for resource in read_resources(data, "r")] == ["a", "b"]


def test_members_that_nobody_reads_are_named() -> None:
    """A misspelt option must not be lost in silence; an inventory's own members do no harm."""
    snapshot = read_resources(lines({"type": "t", "name": "a", "region": "x", "propertys": {}}), "r")
    assert [(note.code, note.message) for note in snapshot.notes] == [
        ("ignored-members", "keys that are not part of a resource were ignored: 'propertys', 'region'")
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_an_empty_list_has_nothing_to_analyze(data: bytes) -> None:
    """And that is said."""
    assert [note.code for note in read_resources(data, "r").notes] == ["nothing-to-analyze"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'[{"type": "t"}]', "a JSON list"),
        (b'{"type": "t", "name": "a"}\n{', "r.jsonl: line 2 is not JSON"),
        (b'{"type": "t", "name": "a"} {}', "line 1 is not JSON: the text goes on"),
        (b"\n1", "line 2 is not a JSON object"),
        (b'{"name": "a"}', "line 1 has no type"),
        (b'{"type": "t"}', "line 1 has no name and no urn"),
        (b'{"type": 1, "name": "a"}', "must have text as its type"),
        (b'{"type": "t", "urn": "x"}', "has an invalid URN"),
        (b'{"type": "t", "name": "a", "properties": []}', "line 1.inputs must be an object"),
        (b'{"type": "t", "name": "a", "deleteBeforeReplace": 1}', "deleteBeforeReplace"),
        (b'{"type": "t", "name": "\xff"}', "line 1 is not UTF-8"),
        (b'{"type": "t", "name": "a", "properties": {"x": NaN}}', "NaN is not a number"),
    ],
)
def test_a_wrong_line_is_named(data: bytes, said: str) -> None:
    """By its number, counting blank ones."""
    with pytest.raises(InvalidState) as refused:
        read_resources(data, "r.jsonl")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('{"version": 3, "deployment": {"resources": []}}', "the state of a stack", "give it to --state"),
        ('{\n    "version": 3,\n    "checkpoint": {}\n}', "the state of a stack", "--backend"),
        ('{"config": {"a": "b"}, "steps": []}', "pulumi preview --json", "give it to --preview"),
        ('\ufeff\n{"resources": [\n{"type": "t"}]}', "a list of resources", "jq -c '.resources[]'"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(text: str, said: str, hint: str) -> None:
    """A state, a preview and an object with a list are no lists: the option for each is named."""
    with pytest.raises(InvalidState) as raised:
        read_resources(text.encode(), "x.json")
    assert said in str(raised.value) and hint in raised.value.hint


@pytest.mark.parametrize(
    "line",
    ['{"type": "t", "name": "n", "resources": []}', '{"properties": {"steps": 1}, "type": "t", "name": "n"}'],
)
def test_a_resource_may_have_members_of_such_names(line: str) -> None:
    """What a resource holds does not make another file of it."""
    assert len(read_resources(line.encode(), "x.jsonl")) == 1
