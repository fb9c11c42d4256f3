"""Installs a directory in one step: it is made under a temporary name beside its place, then renamed.

If the process is killed at any moment, the place holds the old directory, the new one, or (between two
renames) nothing; the next run then puts the old one back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from packreg.install.disk import remove_tree
from packreg.install.marker import read_marker

_STAGING, _OLD = "staging", "old"


@contextmanager
def staged(place: Path) -> Iterator[Path]:
    """A path beside `place` for a directory that the body makes; removed at the end unless it was revealed.

    The caller holds the lock of `place`, so what earlier runs left beside it is removed first.

    Raises:
        OSError: the parent of `place` cannot be made.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep(place)
    staging = _beside(place, _STAGING)
    try:
        yield staging
    finally:
        remove_tree(staging)


def reveal(staging: Path, place: Path) -> None:
    """Rename a complete staging directory to `place`; an older directory there is moved aside and removed.

    Raises:
        OSError: a rename failed; what was at `place` before is still there.
    """
    if not os.path.lexists(place):
        staging.rename(place)
        return
    old = _beside(place, _OLD)
    place.rename(old)
    try:
        staging.rename(place)
    except OSError:
        old.rename(place)
        raise
    remove_tree(old)


def sweep(place: Path) -> None:
    """Remove what killed runs left beside `place`; put the old directory back if `place` does not exist.

    Only for the holder of the lock of `place`.
    """
    for left in _left_beside(place, _OLD):
        if not os.path.lexists(place) and read_marker(str(left)) is not None:
            left.rename(place)
        remove_tree(left)
    for left in _left_beside(place, _STAGING):
        remove_tree(left)


def sweep_others(parent: Path, is_free: Callable[[str], bool]) -> None:
    """Remove what killed runs left in `parent`, for each place whose lock is free.

    `is_free` is called with the name of the place.
    """
    try:
        left = [path for path in parent.iterdir() if path.name.startswith((f".{_STAGING}-", f".{_OLD}-"))]
    except OSError:
        return
    for name in {path.name.split("-", 1)[1].rpartition("-")[0] for path in left}:
        if is_free(name):
            sweep(parent / name)


def _beside(place: Path, word: str) -> Path:
    return place.with_name(f".{word}-{place.name}-{os.urandom(4).hex()}")


def _left_beside(place: Path, word: str) -> list[Path]:
    prefix = f".{word}-{place.name}-"
    try:
        names = os.listdir(place.parent)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return []
    return [
        place.with_name(name)
        for name in names
        if name.startswith(prefix) and len(name) == len(prefix) + 8 and "-" not in name[len(prefix) :]
    ]
