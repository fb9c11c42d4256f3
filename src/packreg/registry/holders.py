"""Which backends have a stack: an object for each, created once, under the stack's name.

    stacks/<stack>/<backend>.json       <backend> is the start of a digest of the backend's URL

A name means one stack as long as only one backend is known to have it. Audits write these objects, and so
does the guard when an update begins; nothing ever deletes one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.registry import layout
from packreg.registry.formats import beginning
from packreg.registry.members import Members

if TYPE_CHECKING:
    from packreg.store.store import Store

_MAX = 64 * 1024


class Holder(NamedTuple):
    """The fact that a backend has a stack; `backend` is its URL without credentials."""

    stack: str
    backend: str


def read_holder(store: Store, key: str) -> Holder:
    """The object at a key of `layout.stack_key`. Raises: IntegrityError, NotFound, StoreError."""
    found = Members.read(store.get(key, _MAX), key, _MAX)
    return Holder(found.raw("stack", str), found.text("backend"))


class Holders:
    """The backends of stacks, in a registry's store. Every method raises `StoreError` when that fails."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, stack: str) -> frozenset[str]:
        """The backends that have a stack `organization/project/stack`: one request."""
        return self._listed(layout.stack_prefix(stack)).get(
            layout.entity_segment("stack", stack), frozenset()
        )

    def all(self) -> dict[str, frozenset[str]]:
        """The backends of every stack, by the stack's key segment: a request for each 1,000 objects."""
        return self._listed(layout.STACKS)

    def add(self, stack: str, backend: str, shown: str) -> None:
        """Record that a backend has a stack; `shown` is the backend's URL without credentials."""
        key = layout.stack_key(stack, backend)
        body = {**beginning(), "stack": stack, "backend": shown}
        self._store.create(key, json.dumps(body).encode())

    def shown(self, stack: str, backend: str) -> str:
        """The URL of a backend that has a stack, for messages; its digest where that cannot be read."""
        key = layout.stack_key(stack, backend)
        try:
            return read_holder(self._store, key).backend
        except (IntegrityError, NotFound, StoreRefused):
            return backend

    def _listed(self, prefix: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for entry in self._store.list_all(prefix):
            if key := layout.read_stack_key(entry.key):
                found.setdefault(key.segment, set()).add(key.backend)
        return {segment: frozenset(backends) for segment, backends in found.items()}
