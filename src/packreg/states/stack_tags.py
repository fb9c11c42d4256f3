"""The tags of a stack, as a self-managed Pulumi backend keeps them since CLI 3.211.

They are in `.pulumi/stacks/[<project>/]<stack>.pulumi-tags`, beside the checkpoint:

    {"version": 1, "tags": {"env": "prod"}}

A stack without tags has no such file. The CLI gives policy packs these tags and no others.
"""

from __future__ import annotations

from packreg.errors import InvalidState, NotFound
from packreg.states.backend import STACKS, TAGS, StackEntry
from packreg.states.json_text import strict
from packreg.states.places import Place

VERSION = 1

_MAX_FILE = 256 * 1024  # bytes
_MAX_TEXT = 1_000  # characters; Pulumi Cloud takes 40 for a name and 256 for a value


def read_stack_tags(stack: StackEntry, place: Place) -> dict[str, str]:
    """The tags of a stack from a listing. If the stack has no file of tags, {} without a request.

    Raises InvalidState (the file is malformed or has another version), StoreRefused, StoreUnavailable.
    """
    if not stack.has_tags:
        return {}
    name = STACKS + "/".join(part for part in (stack.project, stack.name) if part) + TAGS
    where = place.describe(name)
    try:
        data = place.read(name, _MAX_FILE)
    except NotFound:  # the last tag was removed just now
        return {}
    whole = strict(data, where)
    # Go would read "Tags" as "tags", too; such odd files are refused
    if not isinstance(whole, dict) or not whole.keys() <= {"version", "tags"}:
        raise InvalidState(f'{where} has no tags of a stack: it needs "version" and "tags", and nothing else')
    version, tags = whole.get("version"), whole.get("tags") or {}
    if isinstance(version, bool) or version != VERSION:
        raise InvalidState(
            f"{where} has tags of a stack in the version {version!r:.40}; {VERSION} is known",
            hint="a newer packreg may read it",
        )
    if not isinstance(tags, dict) or not all(map(_is_text, (*tags, *tags.values()))):
        raise InvalidState(f"{where} has tags that are not texts of at most {_MAX_TEXT} visible characters")
    return tags


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT and value.isprintable()
