"""Entries of the store as they should be: found, and put right where that takes little."""

from __future__ import annotations

from pathlib import Path

from packreg.install.bytecode import compile_again
from packreg.install.sealed import Held, read_entry
from packreg.install.tools import Tools


def find_entry(kind: str, entry: Path, tools: Tools) -> Held | None:
    """The entry, if this user made it and its contents are as they were; else it has to be made.

    Where only times differ the list is renewed. What Python compiled in an environment since it was made is
    not believed, whoever wrote it, but compiled again from the sources and listed.

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
    """Whether `find_entry` has it, for `marker.holds`. Raises what that raises."""
    return find_entry(kind, Path(entry), tools) is not None
