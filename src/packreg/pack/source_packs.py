"""Check that a program creates one pack only: Pulumi serves no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packreg.pack.paths import shown
from packreg.pack.problems import Problems


class PackCall(NamedTuple):
    """A PolicyPack that a file creates; every time it runs if `certain`. `name` is "" if it is no literal."""

    name: str
    line: int
    certain: bool


class SourcePack(NamedTuple):
    """A PolicyPack that the program surely creates; `name` is "" if it is no literal."""

    name: str
    path: str
    line: int


def check_one_pack(packs: Sequence[SourcePack], problems: Problems) -> None:
    """Refuse a program that creates several packs: the engine sees only the first one."""
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
