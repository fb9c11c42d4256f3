"""Moments in governance: two forms of one length each, whose texts sort as the times do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.groups.times import NEVER, after, in_seconds, is_precise, is_second, moment, precise

moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])).filter(
    lambda value: 1 < value.year < 9999
)


@given(moments, moments)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    """In both forms, whatever the time zone; what is written is read again."""
    assert (precise(one) < precise(other)) == (one < other)
    assert moment(precise(one)) == one and is_precise(precise(one)) and not is_second(precise(one))
    assert is_second(in_seconds(one)) and moment(in_seconds(one)) == one.replace(microsecond=0)
    assert precise(one) > NEVER


@given(moments, moments)
def test_what_comes_after_is_later(now: datetime, previous: datetime) -> None:
    """Also where the clock went back: then by a microsecond."""
    found = after(precise(now), precise(previous))
    assert found > precise(previous) and found >= precise(now)
    if now <= previous:
        assert moment(found) - previous == timedelta(microseconds=1)


def test_at_the_end_of_time_there_is_no_later_moment() -> None:
    """It stays, and nothing breaks."""
    end = "9999-12-31T23:59:59.999999Z"
    assert after("2026-01-01T00:00:00.000000Z", end) == end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-08-01T12:00:00",
        "2026-08-01 12:00:00Z",
        "2026-08-01T12:00:00+00:00",
        "2026-02-30T12:00:00Z",
        "2026-08-01T24:00:00Z",
        "0000-08-01T12:00:00Z",
        "2026-08-01T12:00:0٣Z",
        "2026-08-01T12:00:00.000Z",
        "2026-08-01T12:00:00Z\n",
    ],
)
def test_other_forms_are_no_moments(text: str) -> None:
    """One moment has one text in each form, so that equal times are equal texts."""
    assert not is_second(text) and not is_precise(text)
