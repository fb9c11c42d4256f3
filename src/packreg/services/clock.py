"""The present time, new ids, and a registry that has them for programs without a workspace."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packreg.pack.files import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from packreg.registry.registry import Registry


def now() -> str:
    """The present time as RFC 3339 in UTC, in whole seconds."""
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precisely_now() -> str:
    """The present time as RFC 3339 in UTC, in microseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_id() -> str:
    """A new random id."""
    return str(uuid.uuid4())


def open_registry(
    url: str,
    *,
    cwd: str | os.PathLike[str] = ".",
    limits: Limits = DEFAULT_LIMITS,
    deadline: float = 60.0,
    allow_http: bool = False,
) -> Registry:
    """The registry at a URL or in a directory, for programs. Nothing is read yet.

    A relative directory counts from `cwd`; `deadline` is in seconds and bounds each operation on the store.
    A bucket on another machine is asked over http only with `allow_http`.
    Credentials come from the cloud's own chain, as the environment has it. Nothing is remembered between
    two registries.

    Raises:
        UsageError: the URL cannot be read.
    """
    from packreg.registry.registry import Registry
    from packreg.store.open import open_store
    from packreg.store.trust import Trust
    from packreg.store.url import parse_location

    location = parse_location(url, cwd=cwd)
    store = open_store(location, deadline=deadline, trust=Trust(allow_http), environ=os.environ)
    return Registry(store, location=location, now=now, new_id=new_id, remembered=None, limits=limits)
