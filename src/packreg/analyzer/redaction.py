"""Replace secret values in all output: messages that packs wrote, names, and property values."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from packreg.states.values import SECRET, SIGNATURE, number_text
from packreg.text import CUT, one_line

HIDDEN = "[secret]"
#: Secrets with fewer characters are left in messages: "true", "8080" or "prod" would be found everywhere, and
#: the text around the gap would reveal them.
SHORTEST = 6

_SHARED = 3  # the pattern groups secrets by so many first characters; fewer than any secret has
_FEW = 8


def secret_texts(value: Any) -> Iterator[str]:
    """The texts inside everything that is marked as a secret in a property value, as the protocol has it."""
    if isinstance(value, dict):
        inside = value.get(SIGNATURE) == SECRET
        for item in value.values():
            yield from _texts(item) if inside else secret_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from secret_texts(item)


def may_hold_secrets(data: bytes) -> bool:
    """Whether an encoded request may contain a value that is marked as a secret."""
    return SECRET.encode() in data


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value not in (SIGNATURE, SECRET):
        yield value
    elif isinstance(value, float):
        yield number_text(value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


class Redactor:
    """Replaces known secrets. Fast when there are none."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret.strip() for secret in secrets}
        known |= {line.strip() for secret in known if "\n" in secret for line in secret.splitlines()}
        # as packs and packreg may write them: in one line, as in a program, as in JSON
        known |= {one_line(secret) for secret in known}
        known |= {repr(secret)[1:-1] for secret in known}
        known |= {json.dumps(secret, ensure_ascii=plain)[1:-1] for secret in known for plain in (False, True)}
        self._known = sorted(secret for secret in known if len(secret) >= SHORTEST)
        self._longest = max(map(len, self._known), default=0)
        self._pattern = re.compile(_any_of(self._known)) if self._known else None

    def text(self, text: str) -> str:
        """The text with every known secret of `SHORTEST` characters and more replaced by `HIDDEN`.

        If `one_line` cut the text in the middle of a secret, the part of the secret that is left is replaced.
        """
        if self._pattern is None:
            return text
        text = self._pattern.sub(HIDDEN, text)
        return self._without_beginning(text) if text.endswith(CUT) else text

    def value(self, value: Any) -> Any:
        """A property value with known secrets, and everything marked as a secret, replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, float) and self._pattern is not None:
            return HIDDEN if self._pattern.fullmatch(number_text(value)) else value
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            if value.get(SIGNATURE) == SECRET:
                return HIDDEN
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def _without_beginning(self, text: str) -> str:
        shown = text[: -len(CUT)]
        for size in range(min(len(shown), self._longest), _SHARED - 1, -1):
            beginning = shown[-size:]
            at = bisect_left(self._known, beginning)
            if at < len(self._known) and self._known[at].startswith(beginning):
                return f"{shown[:-size]}{HIDDEN}{CUT}"
        return text


def _any_of(sorted_secrets: Sequence[str], shared: int = 0) -> str:
    """A pattern for these texts, longest first, grouped by their beginnings so that thousands are fast."""
    if len(sorted_secrets) <= _FEW or shared == _SHARED:
        return "|".join(re.escape(text[shared:]) for text in sorted(sorted_secrets, key=len, reverse=True))
    groups = groupby(sorted_secrets, key=lambda text: text[shared])
    return "|".join(f"{re.escape(first)}(?:{_any_of(list(group), shared + 1)})" for first, group in groups)
