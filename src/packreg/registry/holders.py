"""Which backends have a stack: an object for each, created once, under the stack's name.

    stacks/<stack>/<backend>.json       <backend> is the start of a digest of the backend's URL

A name is one stack's as long as one backend is known to have it. The objects are written by audits, and by
the guard when an update begins; nothing ever deletes one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.registry import layout
from packreg.registry.formats import beginning
from packreg.registry.members import Members

if TYPE_CHECKING:
    from packreg.store.store import Store

_KEY = re.compile(r"([^/]+)/([0-9a-f]{32})\.json", re.ASCII)
_MAX = 64 * 1024


class Holders:
    """The backends of stacks, in a registry's store. Every method raises `StoreError` when that fails."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, stack: str) -> frozenset[str]:
        """The backends that have a stack `organization/project/stack`: one request."""
        return self._listed(f"{layout.entity_segment('stack', stack)}/").get(
            layout.entity_segment("stack", stack), frozenset()
        )

    def all(self) -> dict[str, frozenset[str]]:
        """The backends of every stack, by its segment of a key: a request for each 1,000 objects."""
        return self._listed("")

    def add(self, stack: str, backend: str, shown: str) -> None:
        """Say that a backend has a stack; `shown` is its URL without credentials."""
        key = f"{layout.STACKS}{layout.entity_segment('stack', stack)}/{backend}.json"
        body = {**beginning(), "stack": stack, "backend": shown}
        self._store.create(key, json.dumps(body).encode())

    def shown(self, stack: str, backend: str) -> str:
        """The URL of a backend that has a stack, for messages; its digest where that cannot be read."""
        key = f"{layout.STACKS}{layout.entity_segment('stack', stack)}/{backend}.json"
        try:
            return Members.read(self._store.get(key, _MAX), key, _MAX).text("backend")
        except (IntegrityError, NotFound, StoreRefused):
            return backend

    def _listed(self, prefix: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for entry in self._store.list_all(layout.STACKS + prefix):
            match = _KEY.fullmatch(entry.key.removeprefix(layout.STACKS))
            if match:
                found.setdefault(match[1], set()).add(match[2])
        return {segment: frozenset(backends) for segment, backends in found.items()}
