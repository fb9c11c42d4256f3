"""Finds entries of the store that are unchanged, and repairs small differences."""

from __future__ import annotations

from pathlib import Path

from packreg.install.bytecode import compile_again
from packreg.install.sealed import Held, read_entry
from packreg.install.tools import Tools


def find_entry(kind: str, entry: Path, tools: Tools) -> Held | None:
    """The entry, if this user made it and its contents are unchanged; None if it has to be made again.

    Where only times differ the list is renewed. Modules that were compiled in an environment since it was
    made are not trusted: they are compiled again from the sources, and the list is renewed.

    Raises:
        InstallError: the key is not safe where it is.
    """
    held = read_entry(tools.home.key, kind, str(entry))
    if held is None or held.is_untouched:
        return held
    if held.comparison.renewed is not None:
        held.renew(held.comparison.renewed)
        return held
    if kind == "environment" and held.only_compiled and compile_again(held, entry / "env", tools):
        return held
    return None


def is_as_made(kind: str, entry: str, tools: Tools) -> bool:
    """Whether `find_entry` finds it, for `marker.holds`. Raises what `find_entry` raises."""
    return find_entry(kind, Path(entry), tools) is not None
