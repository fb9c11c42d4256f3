"""How much memory and time a pack may use: `[analysis]` for all packs, `[analysis.packs.NAME]` for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packreg.analyzer.program import MEMORY, Deadlines
from packreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.analyzer.program import Deadlines

#: The settings of `[analysis]` that can be given for one pack.
PACK_LIMITS = ("memory", "start_seconds", "call_seconds", "stack_seconds")
_UNITS = {"MiB": 1 << 20, "GiB": 1 << 30}


class PackLimits(NamedTuple):
    """The most memory a pack may use, in bytes, and how long its calls may take, in seconds."""

    memory: int
    deadlines: Deadlines


def pack_limits(settings: Mapping[str, str | int | bool], name: str) -> PackLimits:
    """The limits of the pack with this name: from its own settings, those for all packs, or the defaults."""
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
            call=max(call, default.call),  # calls before judging get at least their default
            analyze=call,
            stack=seconds.get("stack_seconds", default.stack),
        ),
    )


def default_limits() -> dict[str, str | int]:
    """The default of each limit, by its key."""
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
        UsageError: it is no such size.
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
