"""How many packs a program makes: Pulumi serves one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packreg.pack.paths import shown
from packreg.pack.problems import Problems


class PackCall(NamedTuple):
    """A PolicyPack that a file makes, always if `certain`; `name` is "" where it is no literal."""

    name: str
    line: int
    certain: bool


class SourcePack(NamedTuple):
    """A PolicyPack that the program surely makes; `name` is "" where it is no literal."""

    name: str
    path: str
    line: int


def check_one_pack(packs: Sequence[SourcePack], problems: Problems) -> None:
    """Refuse a program that makes several packs: the engine sees the first one, and the others are lost."""
    if len(packs) < 2:
        return
    names = ", ".join(pack.name or "one without a literal name" for pack in packs)
    message = (
        f"the program makes {len(packs)} policy packs ({shown(names)}), and Pulumi serves only one of them"
    )
    where = f"{shown(packs[1].path)}:{packs[1].line}"
    problems.error(
        "several-packs", message, where, "put the policies into one pack, or each pack into its own directory"
    )
