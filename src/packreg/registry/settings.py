"""The settings of a registry: the object `registry.json` at its root. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from packreg.registry.formats import beginning
from packreg.registry.layout import SETTINGS
from packreg.registry.members import Members, printable_values

MAX_SETTINGS = 64 * 1024
Role = Literal["home", "replica"]


@dataclass(frozen=True)
class RegistrySettings:
    """`registry.json`: created once by `init` and never changed, so it can be remembered.

    `id` is random, so that a new registry at the place of an old one is recognised. `role` says whether
    packs may be published here. `facts` are the results of the probe of the store at `created` (RFC 3339,
    UTC); they are empty for a replica, which packreg never writes to.
    """

    id: str
    role: Role
    created: str
    facts: Mapping[str, Any]

    def encode(self) -> bytes:
        """The bytes of `registry.json`."""
        members = {
            **beginning(),
            "id": self.id,
            "role": self.role,
            "created": self.created,
            "facts": dict(self.facts),
        }
        return (json.dumps(members, indent=1) + "\n").encode("ascii")

    @classmethod
    def decode(cls, data: bytes) -> RegistrySettings:
        """Read `registry.json`.

        Raises:
            IntegrityError: `data` is no such object.
            StoreRefused: it has a newer format than this packreg knows.
        """
        found = Members.read(data, SETTINGS, MAX_SETTINGS)
        role = found.text("role")
        if role not in ("home", "replica"):
            raise found.wrong("role", "it is neither home nor replica")
        return cls(
            id=found.text("id"),
            role="home" if role == "home" else "replica",
            created=found.text("created"),
            facts=printable_values(found.members("facts").values),
        )
