"""References to environments: a name, and a revision or tag."""

from __future__ import annotations

import re
from typing import NamedTuple

from packreg.errors import UsageError

LATEST = "latest"
ESC = "esc:"

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+/-]{0,99}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ESC = re.compile(r"[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100}){1,2}(@[A-Za-z0-9_.-]{1,100})?", re.ASCII)


class EnvironmentReference(NamedTuple):
    """`name`, `name@3`, `name@stable`; or `esc:organization/project/environment[@version]`.

    `revision` is a number, or 0; `tag` a tag, or "" (with neither it means the newest revision). With `esc`
    the name is passed to the `esc` program as it is, with its version.
    """

    name: str
    revision: int = 0
    tag: str = ""
    esc: bool = False

    def __str__(self) -> str:
        version = str(self.revision) if self.revision else self.tag
        return f"{ESC if self.esc else ''}{self.name}{f'@{version}' if version else ''}"

    @classmethod
    def parse(cls, text: str) -> EnvironmentReference:
        """Read a reference.

        Raises:
            UsageError: `text` is no reference.
        """
        if text.startswith(ESC):
            if not _ESC.fullmatch(text[len(ESC) :]) or "/-" in text or text.startswith(f"{ESC}-"):
                raise UsageError(
                    f"{text[:120]!r} is not a reference to an environment of Pulumi ESC",
                    hint="write esc:organization/project/environment, with @version if you like",
                )
            return cls(text[len(ESC) :], esc=True)
        name, at, version = text.partition("@")
        check_name(name)
        if at and _NUMBER.fullmatch(version):
            return cls(name, revision=int(version))
        if at and version != LATEST:
            check_tag(version)
            return cls(name, tag=version)
        return cls(name)


def is_name(text: str) -> bool:
    """Whether this can be the name of an environment."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str) -> None:
    """Check the name of an environment.

    Raises:
        UsageError: it is not valid; the message says why.
    """
    if not is_name(name):
        raise UsageError(
            f"{name[:120]!r} cannot be the name of an environment",
            hint="names have a-z, 0-9, '.', '_' and '-', and start with a letter or a digit",
        )


def check_tag(tag: str) -> None:
    """Check a tag. Digits alone would mean a revision, and `latest` the newest one.

    Raises:
        UsageError: it is not valid; the message says why.
    """
    if not _TAG.fullmatch(tag) or tag.isdigit() or tag == LATEST:
        raise UsageError(
            f"{tag[:120]!r} cannot be the tag of an environment",
            hint="tags have letters, digits, '.', '_', '+', '/' and '-', not only digits, and not `latest`",
        )
