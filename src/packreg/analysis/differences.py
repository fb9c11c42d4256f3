"""The differences between two property bags, for showing what a remediation would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from packreg.analysis.findings import Change


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What makes `after` of `before`, sorted by key, without the engine's own top-level keys (`__…`)."""
    for name in sorted(before.keys() | after.keys()):
        if not name.startswith("__"):
            yield from _member(before, after, name, ())


def _member(
    before: Mapping[str, Any], after: Mapping[str, Any], name: str, path: tuple[str | int, ...]
) -> Iterator[Change]:
    if name not in before:
        yield Change((*path, name), "add", after=after[name])
    elif name not in after:
        yield Change((*path, name), "delete", before=before[name])
    else:
        yield from _values(before[name], after[name], (*path, name))


def _values(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _member(before, after, name, path)
    elif isinstance(before, list) and isinstance(after, list):
        for index, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from _values(old, new, (*path, index))
        for index in range(len(after), len(before)):
            yield Change((*path, index), "delete", before=before[index])
        for index in range(len(before), len(after)):
            yield Change((*path, index), "add", after=after[index])
    elif not _same(before, after):
        yield Change(path, "update", before, after)


def _same(before: Any, after: Any) -> bool:
    """Equal and of one kind: true is not 1, and not-a-number is itself."""
    if isinstance(before, bool) != isinstance(after, bool):
        return False
    both_nan = isinstance(before, float) and isinstance(after, float) and isnan(before) and isnan(after)
    return both_nan or bool(before == after)
