"""The differences between two property bags, for showing what a remediation would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from packreg.analyzer.findings import PropertyChange
from packreg.states.values import ARCHIVE, ASSET, SECRET, SIGNATURE


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """What changes from `before` to `after`, sorted by key, without the engine's own top-level keys (`__…`).

    A value that replaces a secret, or is replaced by one, is marked as a secret as well.
    """
    for name in sorted(before.keys() | after.keys()):
        if not name.startswith("__"):
            yield from _member(before, after, name, ())


def _member(
    before: Mapping[str, Any], after: Mapping[str, Any], name: str, path: tuple[str | int, ...]
) -> Iterator[PropertyChange]:
    if name not in before:
        yield PropertyChange((*path, name), "add", after=after[name])
    elif name not in after:
        yield PropertyChange((*path, name), "delete", before=before[name])
    else:
        yield from _values(before[name], after[name], (*path, name))


def _values(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[PropertyChange]:
    if _is_secret(before) or _is_secret(after):
        # SDKs pass secrets to policies without their marks, so values that come back have none
        if any(_values(_opened(before), _opened(after), path)):
            yield PropertyChange(path, "update", _secret(before), _secret(after))
    elif isinstance(before, dict) and isinstance(after, dict):
        names = before.keys() | after.keys()
        if before.get(SIGNATURE) in (ASSET, ARCHIVE) and "hash" not in after:
            names -= {"hash"}  # SDKs leave the hash out, and the engine computes it anew
        for name in sorted(names):
            yield from _member(before, after, name, path)
    elif isinstance(before, list) and isinstance(after, list):
        for index, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from _values(old, new, (*path, index))
        for index in range(len(after), len(before)):
            yield PropertyChange((*path, index), "delete", before=before[index])
        for index in range(len(before), len(after)):
            yield PropertyChange((*path, index), "add", after=after[index])
    elif not _same(before, after):
        yield PropertyChange(path, "update", before, after)


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def _opened(value: Any) -> Any:
    return value.get("value") if _is_secret(value) else value


def _secret(value: Any) -> Any:
    return value if _is_secret(value) else {SIGNATURE: SECRET, "value": value}


def _same(before: Any, after: Any) -> bool:
    """Whether two values are equal and of the same type: true is not 1, and NaN equals NaN."""
    if isinstance(before, bool) != isinstance(after, bool):
        return False
    both_nan = isinstance(before, float) and isinstance(after, float) and isnan(before) and isnan(after)
    return both_nan or bool(before == after)
