"""The resources of a preview: what `pulumi preview --json` prints.

    {"config", "steps": [{"op", "urn", "oldState"?, "newState"?, …}], "diagnostics", "changeSummary", …}

The resources are the `newState` of each step, except of steps that remove a resource. A URN can have several
steps (`--show-replacement-steps`, `--refresh`); the last one counts. The file has less than an analyzer gets
while the preview runs:

* Resources that do not change: the CLI leaves them out without `--show-sames`; then a note says so. Stack
  policies do not see them, and a resource whose provider is left out has no provider here.
* Default providers: the CLI never prints them. Resources that use one have no provider here.
* The order is that of the steps, which is the engine's and differs from run to run.
* Secrets: the CLI replaces each by the text "[secret]". A program may write that text itself, and the two
  cannot be told apart, so every such text counts as a hidden secret.
* `deleteBeforeReplace`: it is not part of a resource's state.
* Outputs: the CLI prints a step before it is carried out. An unchanged resource has the outputs of its old
  state. Any other custom resource gets its inputs as outputs, without what its provider would add. Components
  and the stack itself have no outputs.

A resource that is only read (`op` "read") is judged like any other here; the engine shows such resources only
to stack policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from packreg.errors import InvalidState, Problem
from packreg.states.json_text import JsonText, strict
from packreg.states.resource import Resource, resource_from_state
from packreg.states.snapshot import Elements, Snapshot
from packreg.states.values import WrongValue

#: Steps after which the resource is gone, or that are about the old resource of a replacement.
REMOVALS = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})

#: Codes of notes: the preview failed, and the preview leaves out unchanged resources.
FAILED_PREVIEW = "failed-preview"
MISSING_RESOURCES = "missing-resources"

_HINT = "give the output of `pulumi preview --json --show-sames`"
_OWN_NAMES = frozenset({"steps", "changeSummary", "duration"})
_READ = frozenset({"changeSummary", "diagnostics", "maybeCorrupt"})
_UNCHANGED = frozenset({"same", "refresh", "read"})


def read_preview(data: bytes, where: str) -> Snapshot:
    """The snapshot of a preview; `where` names the file in errors.

    Raises InvalidState: not JSON, not a preview, or a resource that cannot be read (see `Snapshot`).
    """
    text = JsonText(data, where)
    if text.peek() != "{":
        raise InvalidState(f"{where} is not a preview: it is not a JSON object", hint=_HINT)
    steps = _Steps(data, where)
    rest: dict[str, object] = {}
    for name in text.members():
        if name == "steps":
            for index in text.elements():
                steps.add(index, text.skip())
            rest[name] = None
        elif name in _READ:
            rest[name] = text.value()
        else:
            rest[name] = None
    if "sequence" in rest and not rest.keys() & _OWN_NAMES:
        raise InvalidState(f"{where} is a log of engine events, not a preview", hint=_HINT)
    text.end()
    if not rest.keys() & _OWN_NAMES:
        state = rest.keys() & {"deployment", "checkpoint"}
        hint = "this is the state of a stack: analyze it as a state" if state else _HINT
        raise InvalidState(f"{where} is not a preview: it has no steps", hint=hint)
    wanted = list(steps.last.values())
    elements = Elements(data, lambda at: f"steps[{wanted[at].number}].newState")
    for step in wanted:
        elements.add(step.span)
    return Snapshot(where, elements, _read, preview=True, notes=tuple(_notes(data, where, rest, steps.same)))


class _Step(NamedTuple):
    number: int
    operation: str
    span: tuple[int, int]


class _Steps:
    """The last step of each URN that does not remove the resource, in the order of those steps."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        self._where = where
        self.last: dict[str, _Step] = {}
        self.same = 0

    def add(self, index: int, span: tuple[int, int]) -> None:
        place = f"{self._where}: steps[{index}]"
        step = strict(self._data[span[0] : span[1]], place)
        urn, operation = (step.get("urn"), step.get("op")) if isinstance(step, dict) else (None, None)
        if not isinstance(step, dict) or not isinstance(urn, str) or not isinstance(operation, str):
            raise InvalidState(f"{place} is not a step of a preview: it needs an op and a urn")
        before = self.last.get(urn)
        if operation in REMOVALS:
            if before is not None and before.operation == "refresh":
                del self.last[urn]  # it was only refreshed before it is removed
        elif step.get("newState") is not None:
            self.last.pop(urn, None)
            self.last[urn] = _Step(index, operation, span)
            self.same += operation == "same"


def _read(index: int, step: object) -> Resource:
    assert isinstance(step, dict)
    resource = resource_from_state(step["newState"])
    if resource.urn != step["urn"]:
        raise WrongValue(f"has a different URN from its step, {str(step['urn'])[:200]!r}")
    if not resource.outputs:
        old = step.get("oldState")
        if step["op"] in _UNCHANGED and old is not None:
            resource.outputs = resource_from_state(old).outputs
        elif resource.custom:
            resource.outputs = resource.inputs
    return resource


def _notes(data: bytes, where: str, rest: Mapping[str, object], same: int) -> Iterator[Problem]:
    summary = rest.get("changeSummary")
    unchanged = summary.get("same") if isinstance(summary, dict) else None
    if isinstance(unchanged, float) and unchanged > same:
        message = f"{unchanged - same:.0f} unchanged resources are not in it and were not analyzed"
        yield Problem(MISSING_RESOURCES, message, where, "run `pulumi preview --json --show-sames`")
    if rest.get("maybeCorrupt") is True or _has_error(rest.get("diagnostics")):
        message = "the preview did not succeed; resources that it did not get to were not analyzed"
        yield Problem(FAILED_PREVIEW, message, where)
    hidden = data.count(b'"[secret]"')
    if hidden:
        message = (
            f'secrets are hidden in it ("[secret]", {hidden} times, if no program wrote that text itself); '
            "policies see that text instead"
        )
        yield Problem("hidden-secrets", message, where)


def _has_error(diagnostics: object) -> bool:
    found = diagnostics if isinstance(diagnostics, list) else []
    return any(isinstance(diagnostic, dict) and diagnostic.get("severity") == "error" for diagnostic in found)
