"""A list of resources as JSON Lines, such as those of a cloud account. They need not belong to a stack.

One JSON object on each line; blank lines are skipped:

    {"type": "aws:s3/bucket:Bucket", "name": "logs", "properties": {…}}

    type         a Pulumi type token; required
    name         required when there is no urn
    urn          Pulumi's name of the resource; else urn:pulumi:<stack>::<project>::<type>::<name>
    properties   the resource's properties, for resource policies and stack policies
    outputs      the properties for stack policies, when they differ
    parent, dependencies, propertyDependencies, provider    as in a stack's state: URNs, `<urn>::<id>`
    protect, ignoreChanges, additionalSecretOutputs, aliases, customTimeouts, deleteBeforeReplace    options

Other members are ignored, with a note that names them, since exports of inventories have many. Property
values are in the format of Pulumi's state (see `values`); encrypted secrets cannot be decrypted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from packreg.errors import InvalidState, Problem
from packreg.states.json_text import JsonText
from packreg.states.resource import Resource, checked, resource_from_state
from packreg.states.snapshot import Elements, Snapshot
from packreg.states.values import WrongValue

_OPTIONS = frozenset(
    [
        "protect",
        "ignoreChanges",
        "additionalSecretOutputs",
        "aliases",
        "customTimeouts",
        "deleteBeforeReplace",
    ]
)
_LINKS = frozenset(["parent", "dependencies", "propertyDependencies", "provider"])
_MEMBERS = _OPTIONS | _LINKS | frozenset(["type", "name", "urn", "id", "properties", "outputs"])


def read_resources(
    data: bytes,
    where: str,
    *,
    stack: str = "resources",
    project: str = "account",
    place: Callable[[int], str] | None = None,
) -> Snapshot:
    """The snapshot of a resource list; `stack` and `project` go into the URNs of resources without one.

    `where` names the file in errors. `place` gives, for messages, the place of a resource by its index; by
    default its line.

    Raises InvalidState, with the line: it is not JSON or not an object, has no type or no name, or a value
    cannot be read (see `Snapshot`).
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = b"   " + data[3:]  # a byte order mark; white space keeps the columns
    if data.lstrip()[:1] == b"[":
        raise InvalidState(
            f"{where} is a JSON list, and resources are read as JSON Lines: one object on each line",
            hint="jq -c '.[]' makes lines of a list",
        )
    _refuse_other_files(data, where)
    lines: list[int] = []
    elements = Elements(data, place or (lambda index: f"line {lines[index]}"))
    ignored: set[str] = set()
    for number, span in _lines(data):
        lines.append(number)
        elements.add(span)

    def read(index: int, raw: object) -> Resource:
        if not isinstance(raw, dict):
            raise WrongValue("is not a JSON object")
        ignored.update(raw.keys() - _MEMBERS)
        return _resource(raw, stack, project)

    snapshot = Snapshot(where, elements, read)
    if ignored:
        names = ", ".join(f"{name[:80]!r}" for name in sorted(ignored)[:10])
        message = f"keys that are not part of a resource were ignored: {names}"
        snapshot.notes = (*snapshot.notes, Problem("ignored-members", message, where))
    return snapshot


#: By a member that only another kind of file has: that kind, and a hint how to analyze such a file.
_OTHER_FILES = {
    **dict.fromkeys(
        ("deployment", "checkpoint", "latest"),
        (
            "the state of a stack",
            "give it to --state; `packreg audit` takes stacks by name, from a --backend",
        ),
    ),
    **dict.fromkeys(
        ("steps", "changeSummary"), ("the output of `pulumi preview --json`", "give it to --preview")
    ),
    "resources": (
        "a JSON object with a list of resources",
        "jq -c '.resources[]' makes lines of it; for a stack, give --state what it exports",
    ),
}


def _refuse_other_files(data: bytes, where: str) -> None:
    """Refuse a file of another kind, with a hint that names the right option.

    Raises:
        InvalidState: the first object belongs to another kind of file.
    """
    name = _telling_member(data, where)
    if name in _OTHER_FILES:
        what, hint = _OTHER_FILES[name]
        raise InvalidState(f"{where} is {what}, and resources are read as JSON Lines", hint=hint)


def _telling_member(data: bytes, where: str) -> str:
    """The first member of the first object that tells the kind of file; "" if none does."""
    with suppress(InvalidState):  # bad JSON is reported later, with its line
        text = JsonText(data, where)
        for name in text.members() if text.peek() == "{" else ():
            if name in _OTHER_FILES or name in ("type", "urn"):
                return name
    return ""


def _lines(data: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    """The number (from 1) and the byte span of each line that is not blank."""
    start, number = 0, 0
    while start < len(data):
        number += 1
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if data[start:end].strip():
            yield number, (start, end)
        start = end + 1


def _resource(raw: dict[str, Any], stack: str, project: str) -> Resource:
    kind, name, urn = raw.get("type"), raw.get("name"), raw.get("urn")
    for value, member in ((kind, "type"), (name, "name"), (urn, "urn")):
        if value is not None and not isinstance(value, str):
            raise WrongValue(f"must have text as its {member}")
    if not kind:
        raise WrongValue("has no type")
    if not urn:
        if not name:
            raise WrongValue("has no name and no urn")
        urn = f"urn:pulumi:{stack}::{project}::{kind}::{name}"
    outputs = raw.get("outputs")
    known = {member: raw.get(member) for member in _OPTIONS | _LINKS if member != "deleteBeforeReplace"}
    resource = resource_from_state(
        {
            **known,
            "urn": urn,
            "type": kind,
            "custom": True,
            "inputs": raw.get("properties"),
            "outputs": raw.get("properties") if outputs is None else outputs,
        }
    )
    replace = raw.get("deleteBeforeReplace")
    if replace is not None and not isinstance(replace, bool):
        raise WrongValue("must have true or false as its deleteBeforeReplace")
    resource.delete_before_replace = replace
    return checked(resource)
