"""The small objects around a release: why it was yanked, restored or removed. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from packreg.pack.version import Version
from packreg.registry.formats import beginning
from packreg.registry.layout import MAX_NOTICE
from packreg.registry.members import Members
from packreg.text import one_line


@dataclass(frozen=True)
class Notice:
    """Why a release was yanked, restored or removed: `reason`, `by` whom, `at` which time (RFC 3339, UTC).

    `attempt` is the id of the one command that wrote it, so that no two notices have the same bytes.
    """

    name: str
    version: Version
    reason: str
    by: str
    at: str
    attempt: str

    def encode(self) -> bytes:
        """The bytes of the notice."""
        members = {
            **beginning(),
            "name": self.name,
            "version": self.version.text,
            "reason": self.reason,
            "by": self.by,
            "at": self.at,
            "attempt": self.attempt,
        }
        return (json.dumps(members, indent=1) + "\n").encode("ascii")

    @classmethod
    def decode(cls, data: bytes, key: str, name: str, version: Version) -> Notice:
        """Read the notice that was found at `key`, which belongs to `name` and `version`.

        Raises:
            IntegrityError: `data` is no notice, or that of another release.
            StoreRefused: it has a newer format than this packreg knows.
        """
        found = Members.read(data, key, MAX_NOTICE)
        notice = cls(
            name=found.text("name"),
            version=found.parsed("version", Version),
            reason=found.text("reason"),
            by=found.text("by"),
            at=found.text("at"),
            attempt=found.text("attempt"),
        )
        if notice.name != name or notice.version != version:
            raise found.wrong("name", f"it is about {notice.name}@{notice.version}")
        return notice

    @classmethod
    def say(cls, name: str, version: Version, reason: str, by: str, at: str, attempt: str) -> Notice:
        """A new notice, its texts made printable and cut to 2,000 and 200 characters."""
        return cls(name, version, one_line(reason).strip()[:2000], one_line(by)[:200], at, attempt)

    def __str__(self) -> str:
        who = ", ".join(word for word in (self.by, self.at) if word)
        return (self.reason or "no reason given") + (f" ({who})" if who else "")
