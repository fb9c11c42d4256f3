"""How the objects of a registry get new members without stopping existing readers. Pure.

An object names its `format`. A reader skips every member that it does not know, at any depth, and an edit
keeps it; except inside `changed`, which describes one change and is written anew with the next. So a member
may be added at any time if readers that skip it still do right: they require at least as much, waive no more,
and read the same bytes.

What may not be skipped is a *feature*: a word in the object's list `needs`, and in `FEATURES` of every
packreg that knows it. A new value of a known member (such as a third mode of groups) is one too, since
readers refuse unknown values. A reader stops at an object that needs an unknown feature, and names it. Such
an object has format 2, so that a packreg from before this rule stops too, and asks to be upgraded instead of
calling the object damaged. So only objects that need a feature have the higher number. Whoever first uses a
feature in governance is told which clients will stop, and has to confirm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from packreg.errors import IntegrityError, StoreRefused

#: The format of objects without features, and with the member `needs`.
FORMAT, WITH_NEEDS = 1, 2
#: A chain of runs has entries for reports that were pruned (`pruned_reports`).
PRUNED_REPORTS = "pruned-reports"
#: Feature that an object may need -> the first packreg that knows it.
FEATURES: dict[str, str] = {PRUNED_REPORTS: "0.1.0"}
#: The members that `beginning` writes and `check` reads.
MEMBERS = ("format", "needs")
HINT = "something other than packreg wrote to this registry; `packreg verify` reports what else is wrong"
_MOST = 100


def beginning(needs: Collection[str] = ()) -> dict[str, Any]:
    """The members that an object begins with."""
    return {"format": WITH_NEEDS, "needs": sorted(needs)} if needs else {"format": FORMAT}


def check(values: Mapping[str, Any], key: str) -> None:
    """Make sure that this packreg may read the object with the members `values`, found at `key`.

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
