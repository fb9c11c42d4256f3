"""What last changed a stack, from the history that a self-managed Pulumi backend keeps of it.

Each `pulumi up`, `refresh`, `destroy` or `import` leaves `.pulumi/history/[<project>/]<stack>/<stack>-<time>
.history.json` when it has ended, `time` being that moment in nanoseconds (measured with Pulumi CLI 3.259).
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from packreg.analysis.backend import StackEntry
from packreg.analysis.places import Place
from packreg.analysis.sources import unpacked
from packreg.errors import InvalidState, NotFound

HISTORY = ".pulumi/history/"
#: The kinds of updates that packs judge: `pulumi up`. Refresh, destroy and import start no analyzer.
JUDGED = frozenset({"update"})

_MAX_ENTRY = 16 * 2**20  # bytes: it has the stack's whole configuration
_NAME = re.compile(r"-([0-9]{1,19})\.history\.json(?:\.gz|\.zst)?")


class Update(NamedTuple):
    """One change of a stack: what kind, and when it began and ended, in seconds since the epoch."""

    kind: str
    started: float
    ended: float


def last_judged_update(stack: StackEntry, place: Place, *, look_at: int = 20) -> Update | None:
    """The newest update of a stack that packs would have judged, among its last `look_at` changes.

    None where there is none: a backend may have been told to keep no history, or been moved.

    Raises NotFound (there are more changes, and those that were read are none), InvalidState (an entry is
    damaged), StoreRefused, StoreUnavailable.
    """
    prefix = f"{HISTORY}{stack.project}/" if stack.project else HISTORY
    prefix += f"{stack.name}/{stack.name}-"
    found = []
    for entry in place.list(prefix):
        match = _NAME.fullmatch(entry.name[len(prefix) - 1 :])
        if match:
            found.append((int(match[1]), entry.name))
    for nanoseconds, name in sorted(found, reverse=True)[:look_at]:
        update = _read(place, name, nanoseconds / 1e9)
        if update.kind in JUDGED:
            return update
    if len(found) > look_at:
        raise NotFound(
            f"the last {look_at} of {len(found)} changes below {place.describe(prefix)} are no updates"
        )
    return None


def _read(place: Place, name: str, ended: float) -> Update:
    where = place.describe(name)
    data = unpacked(place.read(name, _MAX_ENTRY), where, _MAX_ENTRY)
    try:
        whole = json.loads(data)
        kind, started = whole["kind"], whole["startTime"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise InvalidState(f"{where} is no entry of a stack's history") from None
    if not isinstance(kind, str) or isinstance(started, bool) or not isinstance(started, int | float):
        raise InvalidState(f"{where} is no entry of a stack's history")
    return Update(kind, float(started), ended)
