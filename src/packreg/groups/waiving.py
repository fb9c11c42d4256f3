"""Making waivers: until when, and for which policies never. Pure; `enforcement.waivers` applies them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

from packreg.errors import UsageError
from packreg.groups.model import Rules, Waiver
from packreg.groups.times import in_seconds, is_second, moment
from packreg.pack.metadata import PackInfo

#: The tag by which a pack says that one of its policies is never waived.
NO_WAIVERS = "no-waivers"
#: How long a waiver may last; to keep it longer, somebody has to look at it and add it again.
LONGEST = timedelta(days=366)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHILE = re.compile(r"([1-9][0-9]{0,4})([hdw])", re.ASCII)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

State = Literal["active", "expiring", "expired"]


def expiry(text: str, now: str) -> str:
    """When a waiver made `now` ends: `30d`, `2w`, `12h`, the end of `2026-12-31`, or a second in UTC.

    Raises:
        UsageError: `text` is none of these, is in the past, or is further away than a waiver may last.
    """
    start = moment(now)
    ends = _ends(text, start)
    if ends is None:
        raise UsageError(
            f"{text[:60]!r} does not say when the waiver expires", hint="write 30d, 2w or 2026-12-31 (in UTC)"
        )
    if ends <= start:
        raise UsageError(
            f"{text} is in the past: the waiver would have no effect", hint="write a later day, or 30d"
        )
    if ends > start + LONGEST:
        raise UsageError(
            f"a waiver lasts at most {LONGEST.days} days, and {text} is further away",
            hint="waive it for less time, and look at it again then",
        )
    return in_seconds(ends)


def _ends(text: str, start: datetime) -> datetime | None:
    if match := _WHILE.fullmatch(text):
        return start + int(match[1]) * _UNITS[match[2]]
    if _DAY.fullmatch(text) and is_second(f"{text}T23:59:59Z"):
        return moment(f"{text}T23:59:59Z").astimezone(UTC)
    return moment(text) if is_second(text) else None


def state(waiver: Waiver, now: str, soon: timedelta) -> State:
    """Whether a waiver counts `now`, and whether it ends within `soon`. It counts in its last second too."""
    left = moment(waiver.expires) - moment(now)
    return "expired" if left < timedelta(0) else "expiring" if left <= soon else "active"


def may_waive(rules: Rules, pack: str, policy: str) -> bool:
    """Whether the settings allow waivers for a policy."""
    return not any(fnmatchcase(f"{pack}:{policy}", glob) for glob in rules.unwaivable)


def unwaivable(info: PackInfo) -> frozenset[str]:
    """The policies of a pack that forbid waivers by their tag."""
    return frozenset(policy.name for policy in info.policies if NO_WAIVERS in policy.tags)
