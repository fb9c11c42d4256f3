"""The range of Python versions that a pack runs on: `requires-python` of its pyproject.toml. Pure.

The lock is made for this range, the record contains it, and it decides which interpreter an environment is
made with. Where there is no `project.requires-python`, poetry's `tool.poetry.dependencies.python` (with its
`^` and `~`) counts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

#: The lowest Python that packs are locked for and run with.
LOWEST = (3, 11)
#: The minor versions, and the patch versions of each, that `lowest_python` tries are below these.
_MINORS, _PATCHES = 100, 60
_CARET = re.compile(r"\^(\d+)(?:\.(\d+))?(?:\.(\d+))?", re.ASCII)
_TILDE = re.compile(r"~(\d+)(?:\.(\d+))?(?:\.(\d+))?", re.ASCII)
_EXACT = re.compile(r"\d+(?:\.(?:\d+|\*)){0,2}", re.ASCII)


def is_in(wanted: str, release: str) -> bool:
    """Whether a Python version such as `3.12.1` is in a range; an empty range contains all."""
    return not wanted or _parsed(wanted).contains(release, prereleases=True)


@lru_cache(maxsize=64)
def lowest_python(wanted: str) -> str | None:
    """The lowest Python from 3.11 on that is in the range, as `3.12` or `3.12.4`; None if there is none."""
    major, first = LOWEST
    for minor in range(first, _MINORS):
        for patch in range(_PATCHES):
            if is_in(wanted, f"{major}.{minor}.{patch}"):
                return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"
    return None


def poetry_range(constraint: str) -> str | None:
    """Poetry's constraint as a range of PEP 440; None if it cannot be written as one.

    `^3.12` is `>=3.12,<4`, `~3.12` is `>=3.12,<3.13`, `3.12.*` is `==3.12.*` (poetry's documentation,
    "Dependency specification").
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    words = []
    for text in filter(None, re.split(r"[,\s]+", re.sub(r"([~^<>=!])\s+", r"\1", constraint))):
        caret, tilde = _CARET.fullmatch(text), _TILDE.fullmatch(text)
        if caret:
            words.append(f">={text[1:]},<{int(caret[1]) + 1}")
        elif tilde:
            above = f"{tilde[1]}.{int(tilde[2]) + 1}" if tilde[2] else str(int(tilde[1]) + 1)
            words.append(f">={text[1:]},<{above}")
        elif _EXACT.fullmatch(text):
            words.append(f"=={text}")
        elif text != "*":
            words.append(text)
    try:
        return str(SpecifierSet(",".join(words)))
    except InvalidSpecifier:
        return None


@lru_cache(maxsize=64)
def _parsed(wanted: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted)
