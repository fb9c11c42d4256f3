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
            UsageError: it is none; the message says which part.
        """
        name, at, wanted = text.partition("@")
        name = pack_name(name)
        if not at or wanted == "latest":
            return cls(name, None)
        if not wanted:
            raise UsageError(
                f"nothing follows the '@' in {text!r}", hint=f"write {name}@1.2.0 or {name}@latest"
            )
        if wanted.startswith("sha256:"):
            problem = digest_problem(wanted)
            if problem:
                raise UsageError(f"{text!r} is not a reference: {problem}")
            return cls(name, wanted)
        bare = wanted[1:] if wanted[0] in "vV" else wanted
        if not version_problem(bare)[0]:
            return cls(name, Version(bare))
        if not any(sign in wanted for sign in "^~<>=|*xX ,") and not re.fullmatch(
            r"v?[0-9.]+", wanted, re.ASCII
        ):
            problem, fix = version_problem(wanted)
            raise UsageError(f"{text!r} is not a reference: {wanted!r} is no version: {problem}", hint=fix)
        return cls(name, VersionRange(wanted))

    def __str__(self) -> str:
        return self.name if self.wanted is None else f"{self.name}@{self.wanted}"
