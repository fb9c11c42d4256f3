"""References: how a person names a release.

`name`, `name@latest`, `name@1.2.0`, `name@v1.2.0`, `name@^1.2` and any other range, `name@sha256:…`
(the identity of a bundle: the sha256 of its uncompressed tar stream).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from packreg.errors import UsageError
from packreg.pack.version import Version, VersionRange, pack_name, version_problem

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def digest_problem(text: str) -> str:
    """Why `text` is not a digest (`sha256:` and 64 lower-case hex digits), or an empty string."""
    return "" if _DIGEST.fullmatch(text) else "a digest is 'sha256:' and 64 lower-case hex digits"


class Reference(NamedTuple):
    """A pack's name and which of its versions is meant.

    `wanted` is a `Version` (exactly this one), a `VersionRange` (the highest inside), a digest as
    `sha256:…`, or None (the latest).
    """

    name: str
    wanted: Version | VersionRange | str | None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference.

        Raises:
            UsageError: the text is no reference; the message says which part is wrong.
        """
        name, at, wanted = text.partition("@")
        name = pack_name(name)
        if at and not wanted:
            raise UsageError(
                f"nothing follows the '@' in {text!r}", hint=f"write {name}@1.2.0 or {name}@latest"
            )
        return cls(name, read_wanted(wanted, f"{text!r} is not a reference: ") if at else None)

    def __str__(self) -> str:
        return self.name if self.wanted is None else f"{self.name}@{self.wanted}"


def read_wanted(text: str, reading: str = "") -> Version | VersionRange | str | None:
    """Read what follows the `@` in a reference; see `Reference.wanted`. Error messages begin with `reading`.

    Raises:
        UsageError: `text` is no version, range or digest.
    """
    if text == "latest":
        return None
    if text.startswith("sha256:"):
        if problem := digest_problem(text):
            raise UsageError(f"{reading}{problem}")
        return text
    bare = text[1:] if text[:1] in ("v", "V") else text
    if not version_problem(bare)[0]:
        return Version(bare)
    if not any(sign in text for sign in "^~<>=|*xX ,") and not re.fullmatch(r"v?[0-9.]+", text, re.ASCII):
        problem, fix = version_problem(text)
        raise UsageError(f"{reading}{text!r} is not a version: {problem}", hint=fix)
    return VersionRange(text)
