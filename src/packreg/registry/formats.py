"""How the objects of a registry grow without stopping the readers that are there. Pure.

An object says in which `format` it is written. Every member that a reader does not know is skipped, wherever
it stands, and kept by whoever edits the object, except inside `changed`, which tells of one change and is
made anew by the next. So a member may be added at any time if a reader without it goes on doing right: it
requires at least as much, waives no more, and reads no other bytes.

What may not be skipped is a *feature*: a word in the list `needs` of the object, and in `FEATURES` of every
packreg that knows it. That covers a new value of a known member too (a third mode of groups), since readers
refuse values that they do not know. A reader stops at an object that needs what it does not know, and says
what. Such an object has format 2, so that a packreg from before this rule stops as well, and says that it
has to be upgraded rather than that the object cannot be trusted. The number is therefore raised only by the
first object that needs a feature, and whoever first uses one in governance is asked after being told which
clients will stop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from packreg.errors import IntegrityError, StoreRefused

#: Without features, and with `needs`.
FORMAT, WITH_NEEDS = 1, 2
#: What an object may need: a feature, and the first packreg that knows it. There is none yet.
FEATURES: dict[str, str] = {}
#: The members of which `beginning` and `check` take care.
MEMBERS = ("format", "needs")
HINT = "something other than packreg wrote to this registry; `packreg verify` reports what else is wrong"
_MOST = 100


def beginning(needs: Collection[str] = ()) -> dict[str, Any]:
    """The members that an object begins with."""
    return {"format": WITH_NEEDS, "needs": sorted(needs)} if needs else {"format": FORMAT}


def check(values: Mapping[str, Any], key: str) -> None:
    """Make sure that this packreg may read an object: these members, found at `key`.

    Raises:
        StoreRefused: it needs a newer packreg.
        IntegrityError: its `format` or its `needs` are not valid.
    """
    number, needs = values.get("format"), values.get("needs", [])
    if not isinstance(number, int) or isinstance(number, bool):
        why = "it is missing" if number is None else "it is not a number"
        raise IntegrityError(f"{key} cannot be trusted: format: {why}", hint=HINT)
    if number != FORMAT and not (number == WITH_NEEDS and needs):
        raise StoreRefused(
            f"{key} was written in format {number}, this packreg reads format {FORMAT}, and {WITH_NEEDS} "
            "where it says what it needs",
            hint="upgrade packreg",
        )
    if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs) or len(needs) > _MOST:
        raise IntegrityError(f"{key} cannot be trusted: needs: it is not a list of features", hint=HINT)
    unknown = [each for each in needs if each not in FEATURES]
    if unknown:
        words = ", ".join(ascii(each[:100]) for each in unknown)
        raise StoreRefused(f"{key} needs {words}, which this packreg does not know", hint="upgrade packreg")
