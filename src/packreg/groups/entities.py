"""What governance decides about, as people write it: a stack, or an account, with its tags."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packreg.errors import UsageError
from packreg.groups.model import SELF_MANAGED, Entity

_BACKEND = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_MAX_ACCOUNT = 400


def stack_entity(text: str, tags: dict[str, str] | None = None) -> Entity:
    """The stack `[backend:][organization/]project/stack`; self-managed backends have one organization.

    Raises:
        UsageError: it is no such name.
    """
    backend, colon, name = text.rpartition(":")
    parts = name.split("/")
    if colon and not is_backend_name(backend):
        raise UsageError(f"{backend[:200]!r} is not the name of a backend", hint="write east:PROJECT/STACK")
    if len(parts) not in (2, 3) or any(not _PART.fullmatch(part) or part in (".", "..") for part in parts):
        raise UsageError(
            f"{text[:200]!r} is not the name of a stack",
            hint="give PROJECT/STACK or ORGANIZATION/PROJECT/STACK",
        )
    whole = "/".join(parts if len(parts) == 3 else [SELF_MANAGED, *parts])
    return Entity("stack", whole, tags or {}, backend)


def is_backend_name(text: str) -> bool:
    """Whether a backend can have this name: a-z, 0-9 and dashes."""
    return bool(_BACKEND.fullmatch(text))


def account_entity(name: str, tags: dict[str, str] | None = None) -> Entity:
    """The account of this name. Raises UsageError: it cannot be one."""
    if not name or len(name) > _MAX_ACCOUNT or not name.isprintable() or name != name.strip():
        raise UsageError(f"{name[:200]!r} is not the name of an account")
    return Entity("account", name, tags or {})


def read_tags(tags: Sequence[str]) -> dict[str, str]:
    """Tags by name. Raises UsageError: one is not NAME=VALUE, or is given twice."""
    found: dict[str, str] = {}
    for tag in tags:
        name, equals, value = tag.partition("=")
        if not equals or not name:
            raise UsageError(f"{tag[:200]!r} is not a tag", hint="write --tag NAME=VALUE")
        if name in found:
            raise UsageError(f"the tag {name[:200]!r} is given twice")
        found[name] = value
    return found
