"""The tags that a self-managed backend keeps of a stack, whatever stands in the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packreg.errors import InvalidState
from packreg.states.backend import StackName, find_stack, list_stacks
from packreg.states.places import open_place
from packreg.states.stack_tags import read_stack_tags
from tests.states.conftest import Backend

META = {".pulumi/meta.yaml": b"version: 1\n"}
STACK = ".pulumi/stacks/shop/dev"


def tags_in(url: str) -> dict[str, str]:
    """The tags of the only stack, which the listing and the search for one stack agree about."""
    place = open_place(url, cwd=Path("/nowhere"))
    [stack] = list_stacks(place)
    assert find_stack(StackName(stack.project, stack.name), place) == stack
    return read_stack_tags(stack, place)


def test_tags_are_beside_the_checkpoint(backend: Backend) -> None:
    """In both layouts; whatever of it is empty is no tag."""
    tags = json.dumps({"version": 1, "tags": {"env": "prod", "team": "ü"}}).encode()
    assert tags_in(backend({**META, f"{STACK}.json": b"", f"{STACK}.pulumi-tags": tags})) == {
        "env": "prod",
        "team": "ü",
    }


@pytest.mark.parametrize("text", [b'{"version": 1, "tags": {}}', b'{"version": 1, "tags": null}'])
def test_no_tags_are_none(backend: Backend, text: bytes) -> None:
    """As the CLI reads them; a stack without the file has none either."""
    assert tags_in(backend({**META, f"{STACK}.json": b"", f"{STACK}.pulumi-tags": text})) == {}


def test_a_stack_without_a_file_has_no_tags(backend: Backend) -> None:
    """A file of tags without its stack is no stack, and of another stack no tags."""
    files = (f"{STACK}.json", ".pulumi/stacks/shop/dev2.pulumi-tags", ".pulumi/stacks/dev.pulumi-tags")
    assert tags_in(backend({**META, **dict.fromkeys(files, b"x")})) == {}


def test_a_legacy_backend_keeps_them_too(backend: Backend) -> None:
    """Its layout has no folder for the project."""
    text = b'{"version": 1, "tags": {"env": "prod"}}'
    url = backend({".pulumi/stacks/dev.json": b"", ".pulumi/stacks/dev.pulumi-tags": text})
    assert tags_in(url) == {"env": "prod"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "not JSON"),
        (b"[]", 'needs "version" and "tags"'),
        (b'{"tags": {}}', "the version None"),
        (b'{"version": 2, "tags": {}}', "the version 2"),
        (b'{"version": true, "tags": {}}', "the version True"),
        (b'{"version": 1, "tags": {"a": "b"}, "Tags": {}}', "nothing else"),
        (b'{"version": 1, "tags": {"a": "b", "a": "c"}}', "refused"),
        (b'{"version": 1, "tags": {"a": 1}}', "not texts"),
        (b'{"version": 1, "tags": ["a"]}', "not texts"),
        (b'{"version": 1, "tags": {"a": "b\\u001b"}}', "not texts"),
        (b'{"version": 1, "tags": {"a": "%s"}}' % (b"x" * 1001), "not texts"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "not UTF-8"),
        (b" " * 300_000, "more than 262144 bytes"),
    ],
)
def test_what_is_no_file_of_tags_is_refused(backend: Backend, text: bytes, said: str) -> None:
    """Nobody gets a laxer rule by a file that two readers understand in two ways."""
    url = backend({**META, f"{STACK}.json": b"", f"{STACK}.pulumi-tags": text})
    with pytest.raises(InvalidState, match=said):
        tags_in(url)
