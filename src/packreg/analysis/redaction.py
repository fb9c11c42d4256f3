"""Keeping secret values out of what is said: messages that packs wrote, and property values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from packreg.analysis.program import printable

HIDDEN = "[secret]"
#: Secrets with fewer characters are left in messages: "true", "8080" or "prod" would be found everywhere,
#: and what is hidden would be known by what is left.
SHORTEST = 6

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  Pulumi's mark of a secret value, not one


def secret_texts(value: Any) -> Iterator[str]:
    """The texts inside everything that is marked as a secret in a property value of the wire."""
    if isinstance(value, dict):
        inside = value.get(_SIGNATURE) == _SECRET
        for item in value.values():
            yield from _texts(item) if inside else secret_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from secret_texts(item)


def may_hold_secrets(data: bytes) -> bool:
    """Whether an encoded request can have anything in it that is marked as a secret."""
    return _SECRET.encode() in data


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value not in (_SIGNATURE, _SECRET):
        yield value
    elif isinstance(value, float):
        yield str(int(value)) if value.is_integer() else str(value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


class Redactor:
    """Replaces the secrets that are known. Cheap to use when there are none."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret.strip() for secret in secrets}
        known |= {line.strip() for secret in known if "\n" in secret for line in secret.splitlines()}
        known |= {printable(secret, len(secret) + 1) for secret in known}
        known |= {repr(secret)[1:-1] for secret in known}
        longest_first = sorted((s for s in known if len(s) >= SHORTEST), key=lambda s: (-len(s), s))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text with every known secret of `SHORTEST` characters and more replaced by `HIDDEN`."""
        return self._pattern.sub(HIDDEN, text) if self._pattern is not None else text

    def value(self, value: Any) -> Any:
        """A property value with known secrets, and everything marked as a secret, replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            if value.get(_SIGNATURE) == _SECRET:
                return HIDDEN
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value
