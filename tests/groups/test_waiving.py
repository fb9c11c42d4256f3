"""How long waivers last, and which policies forbid them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from packreg.errors import UsageError
from packreg.groups.model import Rules, Waiver
from packreg.groups.waiving import expiry, may_waive, state, unwaivable
from packreg.pack.metadata import PackInfo, PolicyInfo

NOW = "2026-08-01T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("30d", "2026-08-31T12:00:00Z"),
        ("2w", "2026-08-15T12:00:00Z"),
        ("12h", "2026-08-02T00:00:00Z"),
        ("2026-08-01", "2026-08-01T23:59:59Z"),
        ("2026-12-31", "2026-12-31T23:59:59Z"),
        ("2026-12-31T08:00:00Z", "2026-12-31T08:00:00Z"),
        ("366d", "2027-08-02T12:00:00Z"),
    ],
)
def test_an_end_is_a_while_or_a_day(text: str, ends: str) -> None:
    """A while counts from now, a day is waived to its end in UTC."""
    assert expiry(text, NOW) == ends


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0d",
        "30",
        "-1d",
        "30m",
        "367d",
        "99999w",
        "2026-07-31",
        NOW,
        "2026-02-30",
        "2028-01-01",
        "tomorrow",
        "31.12.2026",
    ],
)
def test_what_is_no_end_is_refused(text: str) -> None:
    """No end, one that is past, or one that is more than a year away makes no waiver."""
    with pytest.raises(UsageError):
        expiry(text, NOW)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-08-01T00:00:00Z", "active"),
        ("2026-08-17T12:00:00Z", "expiring"),
        ("2026-08-31T12:00:00Z", "expiring"),
        ("2026-08-31T12:00:01Z", "expired"),
    ],
)
def test_a_waiver_is_active_then_expiring_then_expired(now: str, expected: str) -> None:
    """It counts in its last second, and is warned of before."""
    waiver = Waiver("w", "guard", "p", "a/b", "Ada", "why", "2026-08-31T12:00:00Z", NOW)
    assert state(waiver, now, timedelta(days=14)) == expected


def test_settings_and_tags_forbid_waivers() -> None:
    """Globs of the settings are over pack:policy; a pack's own word is the tag no-waivers."""
    assert not may_waive(Rules(unwaivable=("guard:no-*",)), "guard", "no-public")
    assert may_waive(Rules(unwaivable=("guard:no-*",)), "guard", "tags")
    policies = (PolicyInfo("a", "mandatory", tags=("no-waivers",)), PolicyInfo("b", "mandatory", tags=("x",)))
    assert unwaivable(PackInfo("guard", "1.0.0", policies)) == {"a"}
