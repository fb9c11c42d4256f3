"""The keys of stored reports: listings of them answer questions, and no two entities share one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.groups.model import Entity
from packreg.groups.times import precise
from packreg.reports.report_keys import (
    RUNS,
    behind_later,
    entity_of,
    entity_segment,
    read_report_key,
    report_key,
    report_prefix,
)
from packreg.store.bucket import key_problem

STACK = Entity("stack", "organization/shop/prod")
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"

_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
_ENTITIES = st.builds(Entity, st.sampled_from(["stack", "account"]), _NAMES)
_TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2280, 1, 1)).map(
    lambda time: precise(time.replace(tzinfo=UTC))
)


def test_a_key_can_be_read_by_people() -> None:
    """The run and the stack stand in it as they are called."""
    key = report_key("audit", STACK, "2026-08-01T12:00:00.000000Z", ID)
    assert key == f"reports/audit/stack.organization.shop.prod/8214414399999999-{ID}.json.gz"
    found = read_report_key(key)
    assert found == ("audit", "stack.organization.shop.prod", "2026-08-01T12:00:00.000000Z", ID)
    assert entity_of(found.entity) == STACK


@given(st.sampled_from(RUNS), _ENTITIES, _TIMES)
def test_every_key_can_be_stored_and_read_back(run, entity: Entity, time: str) -> None:  # type: ignore[no-untyped-def]
    """Whatever an account is called, the key is one, and says the run, the time and the id."""
    key = report_key(run, entity, time, ID)
    assert key_problem(key) == ""
    assert key.startswith(report_prefix(run, entity))
    assert read_report_key(key) == (run, entity_segment(entity), time, ID)


@given(_ENTITIES)
def test_an_entity_can_be_told_from_its_segment(entity: Entity) -> None:
    """Unless it was too long, and then nobody guesses."""
    assert entity_of(entity_segment(entity)) in (entity, None)
    if len(entity.name) < 15:
        assert entity_of(entity_segment(entity)) == entity


@given(_ENTITIES, _ENTITIES)
def test_two_entities_never_share_a_place(one: Entity, other: Entity) -> None:
    """Their segments differ as they do."""
    assert (entity_segment(one) == entity_segment(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b", "a.b"), ("a/b", "a_2fb"), ("A", "a"), ("a/", "a"), ("x" * 200, "x" * 201), ("a//b", "a/b")],
)
def test_names_that_look_alike_have_places_of_their_own(one: str, other: str) -> None:
    """Escapes cannot be imitated, and case counts."""
    assert entity_segment(Entity("account", one)) != entity_segment(Entity("account", other))


@given(st.lists(_TIMES, min_size=1), _TIMES)
def test_the_newest_is_the_first_and_a_date_finds_the_one_before(times: list[str], date: str) -> None:
    """In byte order the newest comes first; behind the key of a date stands the newest that is not later."""
    keys = sorted(report_key("audit", STACK, time, ID) for time in times)
    in_order = [found.time for key in keys if (found := read_report_key(key))]
    assert in_order == sorted(in_order, reverse=True)
    after = behind_later("audit", STACK, date)
    not_later = [time for time in in_order if time <= date]
    behind = [found.time for key in keys if key > after and (found := read_report_key(key))]
    assert behind == not_later


@pytest.mark.parametrize(
    "key",
    [
        "reports/audit/stack.a.b.c",
        "reports/other/stack.a.b.c/8214413999999999-x.json.gz",
        "reports/audit/stack.a.b.c/8214413999999999-x.json",
        "reports/audit/stack.a.b.c/821-x.json.gz",
        "reports/audit/stack.a.b.c/8214413999999999-X.json.gz",
        "packs/guard/v/1.0.0",
    ],
)
def test_a_key_of_somebody_else_means_nothing(key: str) -> None:
    """What packreg does not write is passed over."""
    assert read_report_key(key) is None
