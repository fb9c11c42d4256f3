"""What a pack may use, from the settings: `[analysis]` for all packs, `[analysis.packs.NAME]` for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packreg.analyzer.program import MEMORY, Deadlines
from packreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.analyzer.program import Deadlines

#: What of `analysis` can be said of one pack.
PACK_LIMITS = ("memory", "start_seconds", "call_seconds", "stack_seconds")
_UNITS = {"MiB": 1 << 20, "GiB": 1 << 30}


class PackLimits(NamedTuple):
    """Bytes of memory, and how long a pack may take."""

    memory: int
    deadlines: Deadlines


def pack_limits(settings: Mapping[str, str | int | bool], name: str) -> PackLimits:
    """What the pack of this name may use: its own settings, then those for all packs, then the defaults."""
    given = {}
    for word in PACK_LIMITS:
        for key in (f"analysis.packs.{name}.{word}", f"analysis.{word}"):
            if key in settings:
                given[word] = settings[key]
                break
    default = Deadlines()
    seconds = {word: float(value) for word, value in given.items() if word != "memory"}
    call = seconds.get("call_seconds", default.analyze)
    return PackLimits(
        memory_bytes(str(given["memory"])) if "memory" in given else MEMORY,
        Deadlines(
            start=seconds.get("start_seconds", default.start),
            call=max(call, default.call),  # what is asked before judging has its own, generous time
            analyze=call,
            stack=seconds.get("stack_seconds", default.stack),
        ),
    )


def default_limits() -> dict[str, str | int]:
    """The settings that count when nobody says otherwise, by key."""
    default = Deadlines()
    return {
        "analysis.memory": f"{MEMORY >> 30}GiB",
        "analysis.start_seconds": int(default.start),
        "analysis.call_seconds": int(default.analyze),
        "analysis.stack_seconds": int(default.stack),
    }


def memory_bytes(text: str) -> int:
    """The bytes of a size such as "512MiB" or "2GiB".

    Raises:
        UsageError: it is none.
    """
    number, unit = text[:-3], text[-3:]
    if (
        unit not in _UNITS
        or not (number.isascii() and number.isdigit())
        or len(number) > 7
        or not int(number)
    ):
        raise UsageError(
            f"{text!r} is not an amount of memory or of storage",
            hint='write a whole number of "MiB" or "GiB"',
        )
    return int(number) * _UNITS[unit]
