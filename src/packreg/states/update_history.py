"""What changed a stack, from the history that a self-managed Pulumi backend keeps of it.

Each `pulumi up`, `refresh`, `destroy` or `import` leaves `.pulumi/history/[<project>/]<stack>/<stack>-<time>
.history.json` when it has ended, also where it failed; `time` is that moment in nanoseconds (measured with
Pulumi CLI 3.259). One that was killed leaves none.
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
#: The kinds of updates that packs judge: `pulumi up`. Refresh, destroy and import start no analyzer.
JUDGED = frozenset({"update"})

_MAX_ENTRY = 16 * 2**20  # bytes: it has the stack's whole configuration
_NAME = re.compile(r"-([0-9]{1,19})\.history\.json(?:\.gz|\.zst)?")


class HistoryEntry(NamedTuple):
    """An entry of the history that was not read yet: when the change ended (nanoseconds, epoch), its file."""

    ended: int
    file: str


class Update(NamedTuple):
    """One change of a stack: what kind, when it began and ended (seconds, epoch), and how.

    `started` is in whole seconds. `succeeded` is what the CLI said; `touched` tells whether resources may
    have been changed.
    """

    kind: str
    started: float
    ended: float
    succeeded: bool
    touched: bool


def list_changes(stack: StackEntry, place: Place) -> list[HistoryEntry]:
    """The history of a stack, the oldest first: one listing. Empty where there is none.

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
    """What a change was. Raises NotFound, InvalidState (it is damaged), StoreRefused, StoreUnavailable."""
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
