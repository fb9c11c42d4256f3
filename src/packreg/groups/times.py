"""Moments in governance: RFC 3339 in UTC, in two forms of one length each, so that texts sort as times do.

What happened is kept in microseconds (`2026-08-01T12:00:00.000000Z`), since entries that changed in the same
second must still have an order; when a waiver ends is kept in seconds (`2026-08-31T23:59:59Z`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

#: The time of what is not written yet.
NEVER = "0001-01-01T00:00:00.000000Z"

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z", re.ASCII)


def is_precise(text: str) -> bool:
    """Whether the text is a moment in microseconds."""
    return len(text) == 27 and _is_moment(text)


def is_second(text: str) -> bool:
    """Whether the text is a moment in whole seconds."""
    return len(text) == 20 and _is_moment(text)


def moment(text: str) -> datetime:
    """A moment of either form as a value."""
    return datetime.fromisoformat(text)


def precise(value: datetime) -> str:
    """A value in microseconds."""
    return _text(value, "microseconds")


def in_seconds(value: datetime) -> str:
    """A value in whole seconds."""
    return _text(value, "seconds")


def after(now: str, previous: str) -> str:
    """The time of what happens `now` and behind `previous`, both precise: clocks that are slow never go back.

    At the end of time (the year 9999) there is no later moment, and it stays.
    """
    if now > previous:
        return now
    try:
        return precise(moment(previous) + timedelta(microseconds=1))
    except OverflowError:
        return previous


def _text(value: datetime, timespec: str) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def _is_moment(text: str) -> bool:
    if not _MOMENT.fullmatch(text) or text.startswith("0000"):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T24" not in text
