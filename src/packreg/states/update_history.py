"""The updates of a stack, from the history that a self-managed Pulumi backend keeps.

When a `pulumi up`, `refresh`, `destroy` or `import` ends, also when it fails, the CLI writes this file:

    .pulumi/history/[<project>/]<stack>/<stack>-<time>.history.json

`time` is that moment in nanoseconds since the epoch (measured with Pulumi CLI 3.259). An update that was
killed leaves no file.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from packreg.errors import InvalidState
from packreg.states.backend import StackEntry
from packreg.states.places import Place
from packreg.states.sources import unpacked

HISTORY = ".pulumi/history/"
#: The kinds of updates that packs judge: only `pulumi up`. Refresh, destroy and import start no analyzer.
JUDGED = frozenset({"update"})

_MAX_ENTRY = 16 * 2**20  # bytes: an entry has the stack's whole configuration
_NAME = re.compile(r"-([0-9]{1,19})\.history\.json(?:\.gz|\.zst)?")


class HistoryEntry(NamedTuple):
    """A listed entry of the history: when the change ended (nanoseconds since the epoch), and its file."""

    ended: int
    file: str


class Update(NamedTuple):
    """One change of a stack: its kind, when it began and ended (seconds since the epoch), and its result.

    `started` is in whole seconds. `succeeded` is what the CLI recorded; `touched` says whether resources may
    have been changed.
    """

    kind: str
    started: float
    ended: float
    succeeded: bool
    touched: bool


def list_changes(stack: StackEntry, place: Place) -> list[HistoryEntry]:
    """The history of a stack, the oldest first; empty if there is none. One listing.

    Raises StoreRefused, StoreUnavailable.
    """
    prefix = f"{HISTORY}{stack.project}/" if stack.project else HISTORY
    prefix += f"{stack.name}/{stack.name}-"
    found = []
    for entry in place.list(prefix):
        match = _NAME.fullmatch(entry.name[len(prefix) - 1 :])
        if match:
            found.append(HistoryEntry(int(match[1]), entry.name))
    return sorted(found)


def read_change(change: HistoryEntry, place: Place) -> Update:
    """Read an entry of the history.

    Raises NotFound, InvalidState (the file is damaged), StoreRefused, StoreUnavailable.
    """
    where = place.describe(change.file)
    data = unpacked(place.read(change.file, _MAX_ENTRY), where, _MAX_ENTRY)
    try:
        whole = json.loads(data)
        kind, started, result = whole["kind"], whole["startTime"], whole.get("result", "")
        changes = whole.get("resourceChanges") or {}
        touched = any(changes[operation] for operation in changes.keys() - {"same"})
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise InvalidState(f"{where} is not an entry of a stack's history") from None
    if not isinstance(kind, str) or isinstance(started, bool) or not isinstance(started, int | float):
        raise InvalidState(f"{where} is not an entry of a stack's history")
    succeeded = result == "succeeded"
    return Update(kind, float(started), change.ended / 1e9, succeeded, succeeded or touched)
